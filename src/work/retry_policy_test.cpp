#include "work/retry_policy.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;

FetchFault retryable(std::optional<std::chrono::seconds> retry_after = std::nullopt) {
  return {
      .fault = {FaultCode::kHttpStatus, "", 503}, .retryable = true, .retry_after = retry_after};
}

TEST(RetryPolicy, AFinalFaultIsNotTriedAgain) {
  FetchFault final = retryable();
  final.retryable = false;
  EXPECT_FALSE(pause_after(final, 1, 0));
}

TEST(RetryPolicy, ThreeTriesInAll) {
  EXPECT_TRUE(pause_after(retryable(), 1, 0));
  EXPECT_TRUE(pause_after(retryable(), 2, 0));
  EXPECT_FALSE(pause_after(retryable(), 3, 0));
}

TEST(RetryPolicy, PausesGrowAndAreJitteredByAFifth) {
  for (std::uint64_t random = 0; random < 2'000; random += 7) {
    const Micros first = *pause_after(retryable(), 1, random);
    const Micros second = *pause_after(retryable(), 2, random);
    EXPECT_GE(first, 800ms);
    EXPECT_LE(first, 1'200ms);
    EXPECT_GE(second, 4s);
    EXPECT_LE(second, 6s);
  }
  EXPECT_NE(pause_after(retryable(), 1, 0), pause_after(retryable(), 1, 400));
}

TEST(RetryPolicy, RetryAfterIsObeyedWithinItsBound) {
  EXPECT_EQ(pause_after(retryable(7s), 1, 0), Micros(7s));
  EXPECT_EQ(pause_after(retryable(0s), 1, 200), Micros(1s));
  EXPECT_EQ(pause_after(retryable(24h), 2, 0), Micros(limits::kRetryAfterMax));
}

TEST(RetryPolicy, AFullStoreIsTriedAgainAndSaysSo) {
  const FetchFault fault = storage_fault({ErrorCode::kNoSpace, "", ""});
  EXPECT_TRUE(fault.retryable);
  EXPECT_EQ(code_word(fault.fault), "storage_failed");
  EXPECT_NE(fault.fault.message.find("full"), std::string::npos);
}

}  // namespace
}  // namespace imgmill
