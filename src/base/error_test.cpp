#include "base/error.h"

#include <cerrno>
#include <memory>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::kInvalid, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  TRY(const int once, half(number));
  TRY(const int twice, half(once));
  return twice;
}

Result<void> even(int number) {
  if (number % 2 != 0) return fail(ErrorCode::kInvalid, "odd");
  return {};
}

Result<void> count_even(int number, int& passed) {
  TRY_VOID(even(number));
  ++passed;
  return {};
}

TEST(Try, GivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12), 3);
  EXPECT_EQ(quarter(6).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(quarter(6).error().text, "odd");
}

TEST(Try, TakesWhatCanOnlyBeMoved) {
  const auto moved = []() -> Result<std::unique_ptr<int>> {
    TRY(auto owner, Result<std::unique_ptr<int>>(std::make_unique<int>(7)));
    return owner;
  }();
  ASSERT_TRUE(moved);
  EXPECT_EQ(**moved, 7);
}

TEST(TryVoid, GoesOnOrReturnsTheError) {
  int passed = 0;
  EXPECT_TRUE(count_even(2, passed));
  EXPECT_FALSE(count_even(3, passed));
  EXPECT_EQ(passed, 1);
}

TEST(FailErrno, TellsAFullDiskFromTheRest) {
  EXPECT_EQ(fail_errno(ENOSPC, "").error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(fail_errno(EDQUOT, "").error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(fail_errno(EFBIG, "").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(fail_errno(EACCES, "").error().code, ErrorCode::kIo);
}

TEST(FailErrno, KeepsTheReasonForTheLog) {
  const Error error = fail_errno(EACCES, "cannot be written", "/data").error();
  EXPECT_EQ(error.text, "cannot be written");
  EXPECT_EQ(error.detail, "/data: Permission denied");
  EXPECT_EQ(fail_errno(EACCES, "x").error().detail, "Permission denied");
}

TEST(Describe, JoinsWhatThereIs) {
  EXPECT_EQ(describe({ErrorCode::kIo, "text", "detail"}), "text (detail)");
  EXPECT_EQ(describe({ErrorCode::kIo, "text", ""}), "text");
  EXPECT_EQ(describe({ErrorCode::kIo, "", "detail"}), "detail");
}

}  // namespace
}  // namespace imgmill
