#include "fetch/curl_fetcher.h"

#include <csignal>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "fetch/curl_loop.h"
#include "fetch/download.h"
#include "fetch/fair_queue.h"
#include "fetch/webhook_post.h"

namespace imgmill {
namespace {

using std::chrono::milliseconds;

// How often deadlines are looked at while something is under way, and how long an idle thread
// sleeps.
constexpr milliseconds kTick{100};
constexpr milliseconds kIdle{3'600'000};

}  // namespace

class CurlFetcher::Impl {
 public:
  Impl(const FetchOptions& options, AddressGuard guard, const Clock& clock,
       std::unique_ptr<CurlLoop> loop)
      : rules_{.guard = std::move(guard),
               .clock = clock,
               .timeout = options.timeout,
               .source_bytes_max = options.source_bytes_max,
               .spool_folder = options.spool_folder,
               .ca_file = options.ca_file,
               .user_agent = options.user_agent},
        loop_(std::move(loop)),
        downloads_(options.concurrency, options.per_host),
        posts_(limits::kPostsMax, limits::kPostsPerOriginMax),
        next_check_at_(clock.steady_now()),
        thread_([this] { run(); }) {}

  ~Impl() {
    CHECK(std::this_thread::get_id() != thread_id_);
    stop();
  }

  void submit(std::unique_ptr<Transfer> transfer);
  void drop(std::int64_t batch);
  void stop();
  [[nodiscard]] const TransferRules& rules() const { return rules_; }

 private:
  using Queue = FairQueue<std::unique_ptr<Transfer>>;

  void run();
  void admit();
  void start_waiting(Queue& queue);
  void collect_finished();
  void check_deadlines();
  void end_hop(CURL* easy, CURLcode result);
  void drop_batches();
  void abandon_batch(std::int64_t batch);
  void abandon_all();
  [[nodiscard]] bool closed();
  [[nodiscard]] Queue& queue_of(const Transfer& transfer) {
    return transfer.is_post() ? posts_ : downloads_;
  }

  TransferRules rules_;
  std::unique_ptr<CurlLoop> loop_;

  // Of the curl thread.
  Queue downloads_;
  Queue posts_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> under_way_;
  std::chrono::steady_clock::time_point next_check_at_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Transfer>> inbox_;  // guarded by mutex_
  std::vector<std::int64_t> dropped_;             // guarded by mutex_
  bool closed_ = false;                           // guarded by mutex_
  std::once_flag joined_;
  std::thread thread_;  // after all that it uses
  const std::thread::id thread_id_ = thread_.get_id();
};

void CurlFetcher::Impl::submit(std::unique_ptr<Transfer> transfer) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      wake = inbox_.empty();
      inbox_.push_back(std::exchange(transfer, nullptr));
    }
  }
  if (transfer) transfer->abandon();
  if (wake) loop_->wake();
}

void CurlFetcher::Impl::drop(std::int64_t batch) {
  {
    const std::lock_guard lock(mutex_);
    dropped_.push_back(batch);
  }
  loop_->wake();
}

void CurlFetcher::Impl::stop() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  loop_->wake();
  if (std::this_thread::get_id() == thread_id_) return;
  std::call_once(joined_, [this] { thread_.join(); });
}

bool CurlFetcher::Impl::closed() {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void CurlFetcher::Impl::run() {
  // A peer that is gone is an error of write() and no reason to end the process; CURLOPT_NOSIGNAL
  // leaves that to us. Resolver threads inherit it.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  while (!closed()) {
    admit();
    drop_batches();
    start_waiting(posts_);
    start_waiting(downloads_);
    loop_->turn(under_way_.empty() ? kIdle : kTick);
    collect_finished();
    check_deadlines();
  }
  abandon_all();
}

void CurlFetcher::Impl::admit() {
  std::vector<std::unique_ptr<Transfer>> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(inbox_);
  }
  for (std::unique_ptr<Transfer>& transfer : arrived) {
    if (!transfer->aim()) continue;
    Queue& queue = queue_of(*transfer);
    const LaneName lane = transfer->lane();
    queue.push(lane, std::move(transfer));
  }
}

void CurlFetcher::Impl::start_waiting(Queue& queue) {
  while (auto transfer = queue.take()) {
    CURL* easy = loop_->take_handle();
    CHECK(easy != nullptr);
    (*transfer)->begin(easy);
    CHECK(loop_->start(easy));
    under_way_.emplace(easy, *std::move(transfer));
  }
}

void CurlFetcher::Impl::collect_finished() {
  while (const auto finished = loop_->next_finished()) end_hop(finished->easy, finished->result);
}

void CurlFetcher::Impl::check_deadlines() {
  const auto now = rules_.clock.steady_now();
  if (now < next_check_at_) return;
  next_check_at_ = now + kTick;
  std::vector<CURL*> overdue;
  for (const auto& [easy, transfer] : under_way_) {
    if (transfer->overdue(now)) overdue.push_back(easy);
  }
  for (CURL* easy : overdue) end_hop(easy, CURLE_OPERATION_TIMEDOUT);
}

void CurlFetcher::Impl::end_hop(CURL* easy, CURLcode result) {
  auto node = under_way_.extract(easy);
  std::unique_ptr<Transfer> transfer = std::move(node.mapped());
  Queue& queue = queue_of(*transfer);
  queue.give_back(transfer->lane());
  loop_->end(easy);
  if (transfer->finish(result)) {
    const LaneName lane = transfer->lane();
    queue.push(lane, std::move(transfer));
  }
  loop_->give_back_handle(easy);
}

void CurlFetcher::Impl::drop_batches() {
  std::vector<std::int64_t> dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(dropped_);
  }
  for (const std::int64_t batch : dropped) abandon_batch(batch);
}

void CurlFetcher::Impl::abandon_batch(std::int64_t batch) {
  for (auto& transfer : downloads_.take_out(batch)) transfer->abandon();
  std::vector<CURL*> under_way;
  for (const auto& [easy, transfer] : under_way_) {
    if (!transfer->is_post() && transfer->lane().batch == batch) under_way.push_back(easy);
  }
  for (CURL* easy : under_way) {
    auto node = under_way_.extract(easy);
    downloads_.give_back(node.mapped()->lane());
    loop_->end(easy);
    node.mapped()->abandon();
    loop_->give_back_handle(easy);
  }
}

void CurlFetcher::Impl::abandon_all() {
  for (auto& [easy, transfer] : under_way_) {
    loop_->end(easy);
    transfer->abandon();
    loop_->give_back_handle(easy);
  }
  under_way_.clear();
  for (auto& transfer : posts_.drain()) transfer->abandon();
  for (auto& transfer : downloads_.drain()) transfer->abandon();
  std::vector<std::unique_ptr<Transfer>> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(inbox_);
  }
  for (auto& transfer : arrived) transfer->abandon();
}

CurlFetcher::CurlFetcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CurlFetcher::~CurlFetcher() = default;

Result<std::unique_ptr<CurlFetcher>> CurlFetcher::create(const FetchOptions& options,
                                                         AddressGuard guard, const Clock& clock) {
  TRY(auto loop, CurlLoop::create(options.concurrency + limits::kPostsMax));
  auto impl = std::make_unique<Impl>(options, std::move(guard), clock, std::move(loop));
  return std::unique_ptr<CurlFetcher>(new CurlFetcher(std::move(impl)));
}

void CurlFetcher::get(std::string url, std::int64_t batch, Callback<FetchOutcome> done) {
  impl_->submit(make_download(impl_->rules(), std::move(url), batch, std::move(done)));
}

void CurlFetcher::drop(std::int64_t batch) { impl_->drop(batch); }

// Batches have positive numbers, webhooks 0.
void CurlFetcher::peek(std::string url, std::int64_t round, Callback<Peeked> done) {
  CHECK(round > 0);
  impl_->submit(make_peek(impl_->rules(), std::move(url), -round, std::move(done)));
}

void CurlFetcher::drop_peeks(std::int64_t round) { impl_->drop(-round); }

void CurlFetcher::post(Post post, Callback<PostOutcome> done) {
  impl_->submit(make_webhook_post(impl_->rules(), std::move(post), std::move(done)));
}

void CurlFetcher::stop() { impl_->stop(); }

}  // namespace imgmill
