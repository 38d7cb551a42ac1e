#include "cli/human_text.h"

#include <gtest/gtest.h>

namespace imgmill::cli {
namespace {

using namespace std::chrono_literals;

TEST(HumanText, BytesInThousands) {
  EXPECT_EQ(human_bytes(999), "999 bytes");
  EXPECT_EQ(human_bytes(1'000), "1.0 KB");
  EXPECT_EQ(human_bytes(3'400'000'000'000'000), "3400.0 TB");
}

TEST(HumanText, TimesWithTheirHours) {
  EXPECT_EQ(human_time(5s), "0:05");
  EXPECT_EQ(human_time(3'599s), "59:59");
  EXPECT_EQ(human_time(7'265s), "2:01:05");
}

TEST(HumanText, SavedOfNothingIsNothing) {
  EXPECT_EQ(saved_share(0, 0), "0.0 %");
  EXPECT_EQ(saved_share(1'000, 325), "67.5 %");
}

TEST(HumanText, NothingReachesTheTerminalsControls) {
  EXPECT_EQ(printable("a\x1b[31mb\r\n\tc\x7f"), "a?[31mb???c?");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m \xC2\xA9 é"),
            "?31m \xC2\xA9 é");
}

TEST(HumanText, LinesOfAMessageStayLines) {
  EXPECT_EQ(printable_lines("a\x1b[2J\n  b\r\x7f\n"), "a?[2J\n  b??\n");
}

TEST(HumanText, OneImageIsNone) {
  EXPECT_EQ(images_text(1), "1 image");
  EXPECT_EQ(images_text(0), "0 images");
}

TEST(HumanText, WhatGoesIntoAQuery) {
  EXPECT_EQ(query_escaped("a-1&b= \xC3\xA9"), "a-1%26b%3D%20%C3%A9");
}

}  // namespace
}  // namespace imgmill::cli
