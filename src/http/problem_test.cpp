#include "http/problem.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace imgmill {
namespace {

TEST(Problem, TheContractsExample) {
  Problem problem{
      .status = 400, .error = "Invalid CSV format", .detail = "3 of 120 rows are invalid"};
  problem.errors.push_back({17, "S. No.", "\"12a\" is not an integer"});
  problem.errors_total = 3;
  const Reply reply = reply_of(problem);
  EXPECT_EQ(reply.content_type, "application/problem+json");
  EXPECT_EQ(reply.body,
            R"({"type":"about:blank","title":"Bad Request","status":400,)"
            R"("error":"Invalid CSV format","detail":"3 of 120 rows are invalid",)"
            R"("errors":[{"row":17,"column":"S. No.","message":"\"12a\" is not an integer"}],)"
            R"("errors_total":3})");
}

TEST(Problem, AtMostAHundredErrorsAreListed) {
  Problem problem{.status = 400, .error = "x", .detail = "y"};
  problem.errors.resize(limits::kReportedRowErrorsMax + 20, {1, "", ""});
  const std::string body = reply_of(problem).body;
  std::size_t count = 0;
  for (std::size_t at = body.find("\"row\""); at != body.npos; at = body.find("\"row\"", at + 1))
    ++count;
  EXPECT_EQ(count, limits::kReportedRowErrorsMax);
}

TEST(Problem, PrivateDetailsStayHere) {
  const Error error{ErrorCode::kIo, "the upload could not be stored", "/var/secret/path"};
  const Reply reply = reply_of(problem_of(error));
  EXPECT_EQ(reply.status, 500);
  EXPECT_FALSE(reply.body.contains("secret"));
  EXPECT_TRUE(reply.private_detail.contains("/var/secret/path"));
}

TEST(Problem, StatusOfEveryCode) {
  EXPECT_EQ(status_of(ErrorCode::kInvalid), 400);
  EXPECT_EQ(status_of(ErrorCode::kNotFound), 404);
  EXPECT_EQ(status_of(ErrorCode::kConflict), 409);
  EXPECT_EQ(status_of(ErrorCode::kTooLarge), 413);
  EXPECT_EQ(status_of(ErrorCode::kTimeout), 503);
  EXPECT_EQ(status_of(ErrorCode::kUnavailable), 503);
  EXPECT_EQ(status_of(ErrorCode::kNoSpace), 503);
  EXPECT_EQ(status_of(ErrorCode::kIo), 500);
  EXPECT_EQ(status_of(ErrorCode::kCorrupt), 500);
  EXPECT_EQ(status_of(ErrorCode::kInternal), 500);
}

TEST(Problem, UnavailableSaysWhenToComeBack) {
  const Reply reply = reply_of(problem_of({ErrorCode::kNoSpace, "the disk is full", ""}));
  std::string head;
  append_head(reply, {.now = Time{}}, head);
  EXPECT_TRUE(head.contains("\r\nRetry-After: "));
}

}  // namespace
}  // namespace imgmill
