#include "base/text.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(Trimmed, TakesOffWhiteSpaceAtBothEndsOnly) {
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed("   "), "");
  EXPECT_EQ(trimmed("x"), "x");
}

TEST(Case, IsAsciiOnly) {
  EXPECT_EQ(lower_case("S. No. \xC3\x84"), "s. no. \xC3\x84");
  EXPECT_TRUE(equal_ignoring_case("Content-TYPE", "content-type"));
  EXPECT_FALSE(equal_ignoring_case("content", "content-type"));
  EXPECT_TRUE(starts_with_ignoring_case("HTTP://h", "http://"));
  EXPECT_FALSE(starts_with_ignoring_case("htt", "http://"));
}

}  // namespace
}  // namespace imgmill
