#include "cli/request_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/verbs.h"

namespace imgmill::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kProcessing = R"({"request_id": "550e", "status": "processing",
    "completion_percentage": 45.0, "created_at": "2023-01-15T14:30:12.123456",
    "updated_at": "2023-01-15T14:35:22.654321", "total_images": 20, "processed_images": 9,
    "webhook_status": "not_sent", "failed_images": 1, "bytes_in": 1500000, "bytes_out": 600000,
    "finished_at": null, "eta_seconds": 65, "options": {}})";

TEST(RequestStatus, IsShownInColumns) {
  const auto status = read_status(kProcessing);
  ASSERT_TRUE(status) << describe(status.error());
  EXPECT_FALSE(status->is_final());
  EXPECT_EQ(status->eta, 65s);
  EXPECT_EQ(status_text(*status),
            "request   550e\n"
            "status    processing, 45.0 %\n"
            "images    9 of 20 done, 1 of them failed\n"
            "bytes     1.5 MB in, 600.0 KB out, 60.0 % saved\n"
            "created   2023-01-15 14:30:12 UTC\n"
            "time left 1:05\n"
            "webhook   not_sent\n");
}

TEST(RequestStatus, WhatIsMissingIsNamed) {
  for (const char* text : {"", "[]", "{}", R"({"request_id": 1})"}) {
    const auto status = read_status(text);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_THAT(read_status(R"({"request_id": "a", "status": "b"})").error().text,
              HasSubstr("total_images"));
}

TEST(RequestStatus, APageIsATable) {
  const auto page =
      read_page(R"({"requests": [)" + std::string(kProcessing) + R"(], "next_cursor": "abc"})");
  ASSERT_TRUE(page) << describe(page.error());
  EXPECT_EQ(page->next_cursor, "abc");
  EXPECT_THAT(table_text(*page), HasSubstr("processing   45.0 %         20          1  2023-01-15 "
                                           "14:30:12\n"));
  EXPECT_EQ(read_page(R"({"requests": [], "next_cursor": null})")->next_cursor, "");
}

TEST(RequestStatus, TheEndSaysWhatCameOut) {
  RequestStatus status{.status = "completed",
                       .total = 3,
                       .processed = 3,
                       .failed = 1,
                       .bytes_in = 2'000,
                       .bytes_out = 1'000};
  EXPECT_EQ(end_text(status),
            "3 images: 2 compressed, 1 failed; 2.0 KB in, 1.0 KB out, 50.0 % saved");
  EXPECT_EQ(exit_status(status), kSomeImagesFailed);
  status.failed = 0;
  EXPECT_EQ(exit_status(status), kAllWell);
  status = {.status = "cancelled", .total = 3, .processed = 1};
  EXPECT_THAT(end_text(status), HasSubstr("1 compressed, 0 failed, 2 left undone"));
  EXPECT_EQ(exit_status(status), kFailed);
}

TEST(RequestStatus, TheAnswerToAnUpload) {
  EXPECT_EQ(read_request_id(R"({"request_id": "550e", "status": "pending"})").value(), "550e");
  EXPECT_FALSE(read_request_id("{}"));
}

}  // namespace
}  // namespace imgmill::cli
