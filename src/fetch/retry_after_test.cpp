#include "fetch/retry_after.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

using std::chrono::seconds;

// 2023-11-14 22:13:20 UTC.
const Time kNow = from_us(1'700'000'000'000'000);

TEST(RetryAfter, TakesSeconds) {
  EXPECT_EQ(parse_retry_after("0", kNow), seconds(0));
  EXPECT_EQ(parse_retry_after("120", kNow), seconds(120));
  EXPECT_EQ(parse_retry_after(" 7 \r\n", kNow), seconds(7));
}

TEST(RetryAfter, TakesEachFormOfAnHttpDate) {
  EXPECT_EQ(parse_retry_after("Tue, 14 Nov 2023 22:14:20 GMT", kNow), seconds(60));
  EXPECT_EQ(parse_retry_after("Tuesday, 14-Nov-23 22:14:20 GMT", kNow), seconds(60));
  EXPECT_EQ(parse_retry_after("Tue Nov 14 22:14:20 2023", kNow), seconds(60));
}

TEST(RetryAfter, ADateThatHasPassedIsNow) {
  EXPECT_EQ(parse_retry_after("Tue, 14 Nov 2023 22:13:19 GMT", kNow), seconds(0));
}

TEST(RetryAfter, MoreThanThereIsRoomForIsTheMost) {
  EXPECT_EQ(parse_retry_after("99999999999999999999999", kNow), seconds(4'294'967'295));
}

TEST(RetryAfter, AnythingElseIsNothing) {
  for (const char* value : {"", "  ", "soon", "-5", "1.5", "12 minutes", "+3"}) {
    EXPECT_EQ(parse_retry_after(value, kNow), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace imgmill
