#include "cli/problem_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

Error problem(int status, std::string body) {
  ApiReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return problem_of(reply, "http://mill");
}

TEST(ProblemText, RowsStandBelowTheSentence) {
  const Error error = problem(400, R"({"error": "Invalid CSV format",
      "detail": "1 of 2 rows is invalid", "errors_total": 1,
      "errors": [{"row": 2, "column": "S. No.", "message": "\"x\" is not an integer"}]})");
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_EQ(error.text,
            "Invalid CSV format (400): 1 of 2 rows is invalid\n"
            "  row 2, S. No.: \"x\" is not an integer");
}

TEST(ProblemText, ADozenRowsAndHowManyMore) {
  std::string rows;
  for (int i = 1; i <= 40; ++i) {
    rows += (i > 1 ? "," : "") + std::string(R"({"row": )") + std::to_string(i) +
            R"(, "column": "c", "message": "m"})";
  }
  const Error error =
      problem(400, R"({"error": "e", "errors": [)" + rows + R"(], "errors_total": 99})");
  EXPECT_THAT(error.text, HasSubstr("row 12, c: m\n  … and 87 more"));
  EXPECT_THAT(error.text, Not(HasSubstr("row 13")));
}

TEST(ProblemText, AConflictSaysHowTheRequestStands) {
  const Error error =
      problem(409, R"({"error": "Conflict", "detail": "d", "request_status": "processing"})");
  EXPECT_EQ(error.code, ErrorCode::kConflict);
  EXPECT_EQ(error.text, "Conflict (409): d; the request is processing");
}

TEST(ProblemText, WhatIsNoProblemNamesTheServer) {
  for (const char* body : {"", "<html>", "[]", R"({"error": 3})"}) {
    const Error error = problem(502, body);
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_EQ(error.text, "http://mill answers 502 without saying why: is an imgmill there?");
  }
}

TEST(ProblemText, OddTypesAreNoTrouble) {
  EXPECT_EQ(problem(400, R"({"error": "e", "errors": {}, "errors_total": "x"})").text, "e (400)");
  EXPECT_EQ(problem(400, R"({"error": "e", "errors": [1, {"row": -1}], "errors_total": 1})").text,
            "e (400)\n  row 0: ");
}

TEST(ProblemText, NoControlsReachTheTerminal) {
  EXPECT_THAT(problem(400, R"({"error": "e\u001b[2J"})").text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace imgmill::cli
