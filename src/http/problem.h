// Every failure as it leaves the edge: application/problem+json (RFC 9457) with the core's `error`
// (CONTRACT 1.6). Here is the table ErrorCode -> status. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/reply.h"
#include "intake/sheet_reader.h"

namespace imgmill {

struct Problem {
  int status = 500;
  std::string error;   // short and stable, what the core calls it
  std::string detail;  // one sentence that says how to mend it
  std::vector<RowFault> errors{};
  std::uint64_t errors_total = 0;
  std::string request_status{};  // of a request whose results are not there yet
  std::string private_detail{};  // for the log only
};

template <class T>
using Answer = std::expected<T, Problem>;

[[nodiscard]] int status_of(ErrorCode code);
// `error` of the problem is the status's title when none is given.
[[nodiscard]] Problem problem_of(const Error& error, std::string_view title = {});
[[nodiscard]] Problem not_found();

[[nodiscard]] Reply reply_of(const Problem& problem);

}  // namespace imgmill
