#include "base/test_point.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/check.h"

namespace imgmill {
namespace {

TEST(CheckDeathTest, EndsTheProcessWithTheConditionInOneLine) {
  CHECK(1 + 1 == 2);
  EXPECT_DEATH(CHECK(1 + 1 == 3), "imgmill: bug: CHECK\\(1 \\+ 1 == 3\\) failed at ");
}

#ifdef IMGMILL_TEST_POINTS

// The plan is read once a process, so each runs in one of its own.
void pass_twice_with(const char* plan) {
  ::setenv("MILL_CRASH_AT", plan, 1);
  TEST_POINT("other");
  TEST_POINT("here");
  TEST_POINT("here");
  std::exit(0);
}

TEST(TestPointDeathTest, EndsTheProcessAtTheNthPass) {
  EXPECT_EXIT(pass_twice_with("here:1"), testing::ExitedWithCode(86), "");
  EXPECT_EXIT(pass_twice_with("here:2"), testing::ExitedWithCode(86), "");
  EXPECT_EXIT(pass_twice_with("here"), testing::ExitedWithCode(86), "");
}

TEST(TestPointDeathTest, DoesNothingElsewhereOrBeyond) {
  EXPECT_EXIT(pass_twice_with("here:3"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(pass_twice_with("nowhere:1"), testing::ExitedWithCode(0), "");
}

#endif

}  // namespace
}  // namespace imgmill
