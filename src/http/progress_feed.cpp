#include "http/progress_feed.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/status_json.h"

namespace imgmill {
namespace {

using Piece = std::shared_ptr<const std::string>;

// What makes two states differ for a listener: all but the estimate, which moves with the time.
std::string fingerprint(const Batch& batch) { return status_json(batch, batch.updated_at); }

const Piece& comment() {
  static const Piece line = std::make_shared<const std::string>(": still here\n\n");
  return line;
}

void note_end(const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);  // ends the edge's thread, and with it the process
}

}  // namespace

std::string done_event_id(const Batch& final_batch) {
  return fmt::to_string(to_us(final_batch.finished_at.value_or(Time{})));
}

std::string progress_events(const Batch& batch, Time now) {
  const std::string status = status_json(batch, now);
  std::string events = fmt::format("event: progress\ndata: {}\n\n", status);
  if (is_final(batch.state)) {
    events += fmt::format("event: done\nid: {}\ndata: {}\n\n", done_event_id(batch), status);
  }
  return events;
}

// The newest state of one batch, and those who wait for the next.
class ProgressFeed {
 public:
  struct Seat {  // how far a listener has read
    std::uint64_t version = 0;
    std::uint64_t comments = 0;
  };

  ProgressFeed(asio::io_context& io, std::string request_id, const Clock& clock)
      : request_id(std::move(request_id)),
        strand(asio::make_strand(io)),
        timer(strand),
        clock_(clock),
        comment_due_at_(clock.steady_now() + limits::kProgressComment) {}

  void take_place() {
    const std::lock_guard lock(mutex_);
    ++listeners_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --listeners_;
  }
  [[nodiscard]] bool has_ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  [[nodiscard]] bool is_needed() const {
    const std::lock_guard lock(mutex_);
    return listeners_ > 0 && !ended_;
  }

  // nullptr at the end.
  Task<Piece> next(Seat& seat) {
    while (true) {
      const std::optional<Piece> news = take(seat);
      if (news) co_return *news;
      auto wait = [this, &seat](Callback<bool> done) { wake_later(seat, std::move(done)); };
      co_await from_callback<bool>(std::move(wait));
    }
  }

  void tell(const Batch& batch);
  void comment_if_due();
  void end();

  const std::string request_id;
  const asio::strand<asio::io_context::executor_type> strand;
  asio::steady_timer timer;  // on the strand

 private:
  // What is new since the listener was here last.
  [[nodiscard]] std::optional<Piece> take(Seat& seat) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(seat.version, version_) != version_) return newest_;
    if (ended_) return Piece();
    if (std::exchange(seat.comments, comments_) != comments_) return comment();
    return std::nullopt;
  }

  void wake_later(const Seat& seat, Callback<bool> done) {
    {
      const std::lock_guard lock(mutex_);
      if (seat.version == version_ && seat.comments == comments_ && !ended_) {
        waiting_.push_back(std::move(done));
        return;
      }
    }
    done(true);
  }

  template <class Change>
  void change_and_wake(Change change) {
    std::vector<Callback<bool>> woken;
    {
      const std::lock_guard lock(mutex_);
      change();
      woken.swap(waiting_);
    }
    for (Callback<bool>& wake : woken) wake(true);
  }

  const Clock& clock_;
  std::chrono::steady_clock::time_point comment_due_at_;
  std::string told_;  // fingerprint of the state told last

  mutable std::mutex mutex_;
  Piece newest_;
  std::uint64_t version_ = 0;
  std::uint64_t comments_ = 0;
  std::size_t listeners_ = 0;
  bool ended_ = false;
  std::vector<Callback<bool>> waiting_;
};

void ProgressFeed::tell(const Batch& batch) {
  std::string state = fingerprint(batch);
  if (state == told_) return;
  told_ = std::move(state);
  auto events = std::make_shared<const std::string>(progress_events(batch, clock_.now()));
  change_and_wake([&] {
    newest_ = std::move(events);
    ++version_;
    ended_ = ended_ || is_final(batch.state);
  });
}

void ProgressFeed::comment_if_due() {
  const auto now = clock_.steady_now();
  if (now < comment_due_at_) return;
  comment_due_at_ = now + limits::kProgressComment;
  change_and_wake([this] { ++comments_; });
}

void ProgressFeed::end() {
  change_and_wake([this] { ended_ = true; });
}

// Sits down when it is first asked, so that a HEAD starts nothing.
class ProgressFeeds::Listener final : public LiveSource {
 public:
  Listener(ProgressFeeds& feeds, Batch batch) : feeds_(feeds), batch_(std::move(batch)) {
    ++feeds_.listeners_;
  }
  ~Listener() override {
    if (feed_) feed_->leave();
    --feeds_.listeners_;
  }

  Task<Piece> next() override {
    if (!feed_) feed_ = feeds_.join(batch_);
    if (!feed_) co_return nullptr;
    co_return co_await feed_->next(seat_);
  }

 private:
  ProgressFeeds& feeds_;
  const Batch batch_;
  std::shared_ptr<ProgressFeed> feed_;
  ProgressFeed::Seat seat_;
};

ProgressFeeds::ProgressFeeds(asio::io_context& io, Db& db, const Clock& clock,
                             asio::thread_pool& blocking)
    : io_(io), db_(db), clock_(clock), blocking_(blocking) {}
ProgressFeeds::~ProgressFeeds() = default;

std::unique_ptr<LiveSource> ProgressFeeds::listen(const Batch& batch) {
  auto listener = std::make_unique<Listener>(*this, batch);
  if (listeners_ > limits::kListenersMax) return nullptr;
  return listener;
}

std::shared_ptr<ProgressFeed> ProgressFeeds::join(const Batch& batch) {
  std::shared_ptr<ProgressFeed> begun;
  std::shared_ptr<ProgressFeed> joined;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return nullptr;
    auto& feed = feeds_[batch.request_id];
    if (!feed || feed->has_ended()) {
      feed = begun = std::make_shared<ProgressFeed>(io_, batch.request_id, clock_);
      feed->tell(batch);
    }
    feed->take_place();
    joined = feed;
  }
  if (begun) asio::co_spawn(begun->strand, follow(begun), note_end);
  return joined;
}

Task<void> ProgressFeeds::follow(std::shared_ptr<ProgressFeed> feed) {
  bool readable = true;
  while (goes_on(feed)) {
    boost::system::error_code ended;  // by stop()
    auto token = asio::redirect_error(asio::use_awaitable, ended);
    feed->timer.expires_after(pause());
    co_await feed->timer.async_wait(token);
    if (!goes_on(feed)) co_return;
    auto find = [this, &feed] { return db_.find_batch(feed->request_id); };
    const Result<std::optional<Batch>> batch = co_await run_on(blocking_, std::move(find));
    if (!batch && std::exchange(readable, false)) {
      log::warn("progress cannot be read, listeners wait", {{"error", describe(batch.error())}});
    }
    if (batch) {
      readable = true;
      *batch ? feed->tell(**batch) : feed->end();  // it was deleted
    }
    feed->comment_if_due();
  }
}

bool ProgressFeeds::goes_on(const std::shared_ptr<ProgressFeed>& feed) {
  const std::lock_guard lock(mutex_);
  if (feed->is_needed()) return true;
  const auto found = feeds_.find(feed->request_id);
  if (found != feeds_.end() && found->second == feed) feeds_.erase(found);
  return false;
}

std::chrono::steady_clock::duration ProgressFeeds::pause() const {
  const std::lock_guard lock(mutex_);
  const std::chrono::steady_clock::duration fair =
      std::chrono::milliseconds(1'000 * feeds_.size()) / limits::kProgressReadsPerSecondMax;
  return std::max<std::chrono::steady_clock::duration>(limits::kProgressInterval, fair);
}

void ProgressFeeds::stop() {
  std::map<std::string, std::shared_ptr<ProgressFeed>> feeds;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    feeds = feeds_;
  }
  for (const auto& [id, feed] : feeds) {
    feed->end();
    asio::post(feed->strand, [feed] { feed->timer.cancel(); });
  }
}

}  // namespace imgmill
