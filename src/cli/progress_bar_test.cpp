#include "cli/progress_bar.h"

#include <gtest/gtest.h>

namespace imgmill::cli {
namespace {

using namespace std::chrono_literals;

TEST(ProgressLine, SaysHowFarHowFastAndHowLong) {
  EXPECT_EQ(progress_line({.processed = 10, .total = 40, .failed = 1, .elapsed = 2s}, 200),
            "[#######---------------------]  25.0 %  10/40 images  5/s  1 failed  ETA 0:06");
}

TEST(ProgressLine, WhatWasDoneBeforeIsNoSpeed) {
  EXPECT_EQ(
      progress_line(
          {.processed = 30, .total = 40, .failed = 0, .elapsed = 2s, .processed_before = 20}, 200),
      "[#####################-------]  75.0 %  30/40 images  5/s  ETA 0:02");
  EXPECT_EQ(
      progress_line(
          {.processed = 20, .total = 40, .failed = 0, .elapsed = 0s, .processed_before = 20}, 200),
      "[##############--------------]  50.0 %  20/40 images  0/s");
}

TEST(ProgressLine, IsFullAtTheEndWithoutATimeLeft) {
  EXPECT_EQ(progress_line({.processed = 4, .total = 4, .failed = 0, .elapsed = 2s}, 200),
            "[############################] 100.0 %  4/4 images  2/s");
}

TEST(ProgressLine, KeepsToTheTerminalsWidth) {
  EXPECT_EQ(progress_line({.processed = 1, .total = 4, .failed = 0, .elapsed = 2s}, 20).size(),
            20U);
}

TEST(ProgressLine, NumbersMatterMoreThanTheBar) {
  const Progress half{.processed = 10, .total = 20, .failed = 0, .elapsed = 10s};
  EXPECT_EQ(progress_line(half, 59), "[##########----------]  50.0 %  10/20 images  1/s  ETA 0:10");
  EXPECT_EQ(progress_line(half, 30), " 50.0 %  10/20 images  1/s  ET");
}

TEST(ProgressLine, NothingDoneYetIsNoDivisionByZero) {
  EXPECT_EQ(progress_line({.processed = 0, .total = 4, .failed = 0, .elapsed = 0s}, 200),
            "[----------------------------]   0.0 %  0/4 images  0/s");
}

}  // namespace
}  // namespace imgmill::cli
