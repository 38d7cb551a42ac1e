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
}

}  // namespace
}  // namespace imgmill
