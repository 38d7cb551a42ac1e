// The server's status object, as far as the client reads it, and its text for people. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace imgmill::cli {

struct RequestStatus {
  std::string request_id{};
  std::string status;  // a word of CONTRACT 1.2
  std::uint64_t total = 0;
  std::uint64_t processed = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::string created_at;
  std::string finished_at;  // empty: not yet
  std::string webhook_status;
  std::optional<std::chrono::seconds> eta;

  [[nodiscard]] bool is_final() const;
};

struct RequestPage {
  std::vector<RequestStatus> requests;
  std::string next_cursor;  // empty: the last page
};

// kCorrupt when the text is no such object.
[[nodiscard]] Result<RequestStatus> read_status(std::string_view json);
[[nodiscard]] Result<RequestPage> read_page(std::string_view json);
// The request_id of an upload's answer.
[[nodiscard]] Result<std::string> read_request_id(std::string_view json);

// Several lines, names and values in columns.
[[nodiscard]] std::string status_text(const RequestStatus& status);
// A line of headings and one for each request.
[[nodiscard]] std::string table_text(const RequestPage& page);
// "24 images: 23 compressed, 1 failed; 608.6 KB in, 197.6 KB out, 67.5 % saved".
[[nodiscard]] std::string end_text(const RequestStatus& status);

// What a final request means: kAllWell, kSomeImagesFailed, or kFailed when it was cancelled.
[[nodiscard]] int exit_status(const RequestStatus& status);

}  // namespace imgmill::cli
