#include "notify/retry_schedule.h"

#include <algorithm>

#include <fmt/format.h>

namespace imgmill {
namespace {

using std::chrono::microseconds;

constexpr int kGone = 410;
// After an attempt that we broke off ourselves, on the way down: soon, but not in a circle.
constexpr std::chrono::seconds kOurOwnPause{1};

bool is_delivered(const PostOutcome& outcome) {
  return !outcome.fault && outcome.http_status >= 200 && outcome.http_status < 300;
}

bool is_hopeless(const PostOutcome& outcome) {
  if (outcome.fault) return outcome.fault->code == FaultCode::kInvalidUrl;
  return outcome.http_status == kGone;
}

// We stopped, the receiver did nothing wrong.
bool is_ours(const PostOutcome& outcome) {
  return outcome.fault && outcome.fault->code == FaultCode::kCancelled;
}

bool heeds_retry_after(const PostOutcome& outcome) {
  if (outcome.fault) return outcome.fault->code == FaultCode::kTimeout;
  return outcome.http_status == 429 || (outcome.http_status >= 502 && outcome.http_status <= 504);
}

microseconds pause_after(const PostOutcome& outcome, std::chrono::seconds scheduled,
                         double jitter) {
  const microseconds pause(
      static_cast<std::int64_t>(static_cast<double>(microseconds(scheduled).count()) * jitter));
  if (!outcome.retry_after || !heeds_retry_after(outcome)) return pause;
  return std::max(pause, microseconds(std::min(*outcome.retry_after, 2 * scheduled)));
}

}  // namespace

NextStep next_step(const PostOutcome& outcome, std::uint32_t attempt,
                   std::span<const std::chrono::seconds> schedule, double jitter) {
  if (is_delivered(outcome)) return {.verdict = DeliveryVerdict::kDelivered};
  if (is_ours(outcome)) return {.verdict = DeliveryVerdict::kTryAgain, .pause = kOurOwnPause};
  if (is_hopeless(outcome) || attempt > schedule.size()) return {.verdict = DeliveryVerdict::kDead};
  const std::chrono::seconds scheduled = schedule[std::max(attempt, 1U) - 1];
  return {.verdict = DeliveryVerdict::kTryAgain, .pause = pause_after(outcome, scheduled, jitter)};
}

std::string failure_of(const PostOutcome& outcome) {
  if (is_delivered(outcome)) return {};
  if (outcome.fault) return outcome.fault->message;
  if (outcome.http_status >= 300 && outcome.http_status < 400) {
    return fmt::format("the receiver answered {}; redirects are not followed", outcome.http_status);
  }
  return fmt::format("the receiver answered {}", outcome.http_status);
}

}  // namespace imgmill
