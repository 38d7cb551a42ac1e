#include "notify/courier.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/test_point.h"
#include "notify/event.h"
#include "notify/retry_schedule.h"

namespace imgmill {
namespace {

// What an attempt came to, until it is in the database.
struct Report {
  Delivery delivery;
  DeliveryAttempt attempt;
  DeliveryVerdict verdict = DeliveryVerdict::kTryAgain;
  std::optional<Time> again_at;
};

// ±20 %, so that what failed together does not come back together.
double random_jitter() {
  constexpr std::uint64_t kSteps = 1 << 20;
  return 0.8 + 0.4 * static_cast<double>(random_u64() % kSteps) / static_cast<double>(kSteps - 1);
}

std::string next_word(const Report& report) {
  if (report.again_at) return format_time(*report.again_at);
  return report.verdict == DeliveryVerdict::kDelivered ? "delivered" : "dead";
}

struct CourierMetrics {
  CourierMetrics() {
    for (const char* outcome : {"delivered", "retried", "dead"}) {
      static_cast<void>(attempts.of({outcome}));
    }
  }
  void count(const Report& report) const {
    const bool delivered = report.verdict == DeliveryVerdict::kDelivered;
    attempts.of({report.again_at ? "retried" : delivered ? "delivered" : "dead"}).add();
    duration.observe(report.attempt.duration);
  }
  metrics::Counters attempts{
      {"imgmill_webhook_attempts_total",
       "Webhooks posted, by what came of it; retried: will be tried again, dead: given up."},
      {"outcome"}};
  metrics::Histogram duration =
      metrics::histogram({"imgmill_webhook_duration_seconds", "Time until a receiver answered."},
                         metrics::long_waits());
};

void log_attempt(const Report& report) {
  const bool delivered = report.verdict == DeliveryVerdict::kDelivered;
  log::write(delivered ? log::Level::kInfo : log::Level::kWarn, "webhook attempt",
             {{"request_id", report.delivery.request_id},
              {"attempt", std::to_string(report.delivery.attempt)},
              {"status", std::to_string(report.attempt.http_status)},
              {"duration_ms", std::to_string(report.attempt.duration.count())},
              {"error", report.attempt.error},
              {"next", next_word(report)}});
}

}  // namespace

class Courier::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(CourierOptions options, Db& db, Fetcher& fetcher, const Clock& clock,
       asio::any_io_executor engine, asio::thread_pool& blocking)
      : options_(std::move(options)),
        db_(db),
        fetcher_(fetcher),
        clock_(clock),
        engine_(std::move(engine)),
        blocking_(blocking),
        timer_(engine_) {
    std::erase(options_.secrets, "");  // signing with no key would prove nothing
  }

  Task<void> run();
  void wake();
  void stop();
  // Runs `verb` of this on the engine's thread, if this still is.
  void post(void (Impl::*verb)());

 private:
  Task<void> record_what_is_left();
  Task<void> lease_what_is_due();
  Task<void> pause();
  [[nodiscard]] std::size_t busy() const { return under_way_ + unrecorded_.size(); }
  void start(Delivery delivery);
  Task<void> deliver(Delivery delivery);
  [[nodiscard]] Report report_on(Delivery delivery, Time began_at,
                                 const PostOutcome& outcome) const;
  Task<bool> record(Report report);
  [[nodiscard]] bool adopt(const Delivery& leased);
  void note_db(const Result<void>& answer, std::string_view what);

  CourierOptions options_;
  Db& db_;
  Fetcher& fetcher_;
  const Clock& clock_;
  asio::any_io_executor engine_;
  asio::thread_pool& blocking_;
  const CourierMetrics metrics_;

  // Only on the engine's thread.
  asio::steady_timer timer_;
  bool stopping_ = false;
  bool look_at_once_ = false;
  bool db_failing_ = false;
  std::size_t under_way_ = 0;       // posted and not answered, or being recorded
  std::vector<Report> unrecorded_;  // answered, and the database would not have it
};

Task<void> Courier::Impl::run() {
  while (!stopping_) {
    look_at_once_ = false;
    co_await record_what_is_left();
    if (!stopping_) co_await lease_what_is_due();
    if (!stopping_ && !look_at_once_) co_await pause();
  }
  while (under_way_ > 0) co_await pause();
  co_await record_what_is_left();
}

Task<void> Courier::Impl::pause() {
  timer_.expires_after(limits::kWebhookPollInterval);
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void Courier::Impl::wake() {
  look_at_once_ = true;
  timer_.cancel();
}

void Courier::Impl::stop() {
  stopping_ = true;
  timer_.cancel();
}

void Courier::Impl::post(void (Impl::*verb)()) {
  asio::post(engine_, [weak = weak_from_this(), verb] {
    if (const auto self = weak.lock()) (self.get()->*verb)();
  });
}

// Before anything is leased: what was delivered is not to be posted once more only because its
// lease ran out while the database was away.
Task<void> Courier::Impl::record_what_is_left() {
  std::vector<Report> reports = std::exchange(unrecorded_, {});
  for (Report& report : reports) {
    const bool recorded = co_await record(report);
    if (!recorded) unrecorded_.push_back(std::move(report));
  }
}

Task<void> Courier::Impl::lease_what_is_due() {
  if (busy() >= limits::kWebhooksAtOnce) co_return;
  const auto places = static_cast<std::uint32_t>(limits::kWebhooksAtOnce - busy());
  auto lease = [this, places] {
    const Time now = clock_.now();
    return db_.lease_deliveries(options_.owner, places, now, now + limits::kWebhookLease);
  };
  Result<std::vector<Delivery>> leased = co_await run_on(blocking_, lease);
  note_db(leased ? Result<void>() : std::unexpected(leased.error()), "lease deliveries");
  if (!leased) co_return;
  for (Delivery& delivery : *leased) {
    if (!adopt(delivery)) start(std::move(delivery));
  }
}

// True when this delivery was posted before and only its record is missing: the record then goes
// under the new lease.
bool Courier::Impl::adopt(const Delivery& leased) {
  const auto known = std::ranges::find(unrecorded_, leased.id,
                                       [](const Report& report) { return report.delivery.id; });
  if (known == unrecorded_.end()) return false;
  known->delivery.attempt = leased.attempt;
  look_at_once_ = true;
  return true;
}

void Courier::Impl::start(Delivery delivery) {
  ++under_way_;
  asio::co_spawn(engine_, deliver(std::move(delivery)),
                 [self = shared_from_this()](const std::exception_ptr& thrown) {
                   if (thrown) std::rethrow_exception(thrown);  // to the thread's root
                   const bool was_full = self->busy() >= limits::kWebhooksAtOnce;
                   --self->under_way_;
                   if (was_full || self->stopping_) self->wake();
                 });
}

Task<void> Courier::Impl::deliver(Delivery delivery) {
  const Time began_at = clock_.now();
  Post post = event_post(delivery, options_.base_url, options_.secrets, began_at);
  auto send = [this, &post](Callback<PostOutcome> done) {
    fetcher_.post(std::move(post), std::move(done));
  };
  const PostOutcome outcome = co_await from_callback<PostOutcome>(send);
  TEST_POINT("notify.posted");
  Report report = report_on(std::move(delivery), began_at, outcome);
  log_attempt(report);
  metrics_.count(report);
  const bool recorded = co_await record(report);
  if (!recorded) unrecorded_.push_back(std::move(report));
}

Report Courier::Impl::report_on(Delivery delivery, Time began_at,
                                const PostOutcome& outcome) const {
  const NextStep next = next_step(outcome, delivery.attempt - delivery.attempts_before,
                                  options_.schedule, random_jitter());
  Report report{.delivery = std::move(delivery),
                .attempt = {.at = began_at,
                            .http_status = outcome.http_status,
                            .duration = outcome.duration,
                            .error = failure_of(outcome)},
                .verdict = next.verdict,
                .again_at = std::nullopt};
  if (next.verdict == DeliveryVerdict::kTryAgain) report.again_at = clock_.now() + next.pause;
  return report;
}

// True when there is nothing more to do about it.
Task<bool> Courier::Impl::record(Report report) {
  auto finish = [this, &report] {
    return db_.finish_delivery(report.delivery, report.attempt, report.verdict, report.again_at,
                               clock_.now());
  };
  const Result<void> answer = co_await run_on(blocking_, finish);
  if (!answer && answer.error().code == ErrorCode::kNotFound) co_return true;  // batch was deleted
  note_db(answer, "record a delivery");
  co_return answer.has_value();
}

// Says once that the database fails, and once that it answers again.
void Courier::Impl::note_db(const Result<void>& answer, std::string_view what) {
  if (answer.has_value() != db_failing_) return;
  db_failing_ = !answer;
  if (answer) return log::info("webhooks go on: the database answers again");
  log::error("webhooks wait: the database fails",
             {{"at", std::string(what)}, {"error", describe(answer.error())}});
}

Courier::Courier(CourierOptions options, Db& db, Fetcher& fetcher, const Clock& clock,
                 asio::any_io_executor engine, asio::thread_pool& blocking)
    : impl_(std::make_shared<Impl>(std::move(options), db, fetcher, clock, std::move(engine),
                                   blocking)) {}

Courier::~Courier() = default;

Task<void> Courier::run() { return impl_->run(); }

void Courier::nudge() { impl_->post(&Impl::wake); }

void Courier::stop() { impl_->post(&Impl::stop); }

}  // namespace imgmill
