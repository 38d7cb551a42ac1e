#include "base/clock.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(FormatTime, IsUtcWithSixDigitsAndNoZone) {
  EXPECT_EQ(format_time(from_us(1'673'793'012'123'456)), "2023-01-15T14:30:12.123456");
  EXPECT_EQ(format_time(from_us(0)), "1970-01-01T00:00:00.000000");
}

TEST(ManualClock, MovesOnlyWhenAdvanced) {
  ManualClock clock;
  const Time start = clock.now();
  EXPECT_EQ(clock.now(), start);
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(clock.now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace imgmill
