#include "notify/retry_schedule.h"

#include <array>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

using namespace std::chrono_literals;

constexpr std::array kSchedule{5s, 300s};

PostOutcome answer(int status, std::optional<std::chrono::seconds> retry_after = {}) {
  return {.http_status = status, .retry_after = retry_after, .fault = {}};
}

PostOutcome no_answer(FaultCode code) {
  return {.http_status = 0, .retry_after = {}, .fault = ImageFault{code, "no answer"}};
}

DeliveryVerdict verdict(const PostOutcome& outcome, std::uint32_t attempt = 1) {
  return next_step(outcome, attempt, kSchedule, 1.0).verdict;
}

std::chrono::microseconds pause(const PostOutcome& outcome, std::uint32_t attempt = 1,
                                double jitter = 1.0) {
  return next_step(outcome, attempt, kSchedule, jitter).pause;
}

TEST(NextStep, TakesAny2xxForSuccess) {
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(verdict(answer(status)), DeliveryVerdict::kDelivered) << status;
    EXPECT_EQ(failure_of(answer(status)), "");
  }
}

TEST(NextStep, TriesEverythingElseAgain) {
  for (const int status : {100, 199, 300, 301, 302, 308, 400, 401, 404, 429, 500, 503}) {
    EXPECT_EQ(verdict(answer(status)), DeliveryVerdict::kTryAgain) << status;
    EXPECT_NE(failure_of(answer(status)), "") << status;
  }
  for (const FaultCode code : {FaultCode::kTimeout, FaultCode::kConnectFailed,
                               FaultCode::kDnsFailure, FaultCode::kBlockedAddress}) {
    EXPECT_EQ(verdict(no_answer(code)), DeliveryVerdict::kTryAgain);
    EXPECT_EQ(failure_of(no_answer(code)), "no answer");
  }
}

TEST(NextStep, StopsAtOnceWhenThereIsNoHope) {
  EXPECT_EQ(verdict(answer(410)), DeliveryVerdict::kDead);
  EXPECT_EQ(verdict(no_answer(FaultCode::kInvalidUrl)), DeliveryVerdict::kDead);
}

TEST(NextStep, TriesOnceMoreThanThereArePauses) {
  EXPECT_EQ(pause(answer(500), 1), 5s);
  EXPECT_EQ(pause(answer(500), 2), 300s);
  EXPECT_EQ(verdict(answer(500), 3), DeliveryVerdict::kDead);
  EXPECT_EQ(verdict(answer(200), 9), DeliveryVerdict::kDelivered);
  EXPECT_EQ(next_step(answer(500), 1, {}, 1.0).verdict, DeliveryVerdict::kDead);
}

TEST(NextStep, StretchesThePauseByTheJitter) {
  EXPECT_EQ(pause(answer(500), 1, 0.8), 4s);
  EXPECT_EQ(pause(answer(500), 2, 1.2), 360s);
}

TEST(NextStep, HeedsRetryAfterUpToTwiceThePause) {
  for (const int status : {429, 502, 503, 504}) {
    EXPECT_EQ(pause(answer(status, 7s)), 7s) << status;
    EXPECT_EQ(pause(answer(status, 1s)), 5s) << status;
    EXPECT_EQ(pause(answer(status, 3600s)), 10s) << status;
    EXPECT_EQ(pause(answer(status, std::chrono::seconds::max())), 10s) << status;
  }
  EXPECT_EQ(pause(answer(500, 7s)), 5s);
  EXPECT_EQ(pause(answer(301, 7s)), 5s);
}

TEST(NextStep, DoesNotBlameTheReceiverWhenWeStopped) {
  const NextStep step = next_step(no_answer(FaultCode::kCancelled), 3, kSchedule, 1.0);
  EXPECT_EQ(step.verdict, DeliveryVerdict::kTryAgain);
  EXPECT_EQ(step.pause, 1s);
}

}  // namespace
}  // namespace imgmill
