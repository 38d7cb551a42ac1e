#include "http/pace.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

using namespace std::chrono_literals;

TEST(Pace, WaitsNoLongerThanItsStallForAByte) {
  const Pace pace(30s);
  EXPECT_EQ(pace.patience(), 30s);
  EXPECT_EQ(pace.hurried_patience(), limits::kHttpHurriedStallDeadline);
}

TEST(Pace, EveryByteEarnsTime) {
  Pace pace(30s);
  pace.moved(10 * limits::kHttpBytesPerSecondMin, 20s);
  EXPECT_EQ(pace.patience(), 20s);
  pace.moved(100 * limits::kHttpBytesPerSecondMin, 1s);
  EXPECT_EQ(pace.patience(), 30s);
  pace.moved(1, 3600s);
  EXPECT_EQ(pace.patience(), 0s);
}

TEST(Pace, InAHurryWhoHasDawdledHasNoTimeLeft) {
  Pace pace(30s);
  pace.moved(1, 10s);
  EXPECT_EQ(pace.patience(), 20s);
  EXPECT_EQ(pace.hurried_patience(), 0s);
  pace.moved(60 * limits::kHttpBytesPerSecondMin, 1s);
  EXPECT_EQ(pace.hurried_patience(), limits::kHttpHurriedStallDeadline);
}

TEST(Pace, AHurryNeverGivesMoreThanThereWas) { EXPECT_EQ(Pace(1s).hurried_patience(), 1s); }

}  // namespace
}  // namespace imgmill
