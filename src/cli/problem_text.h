// An answer that is no success, as people read it: the problem's error and detail, then its rows,
// a dozen at most. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/human_text.h"
#include "fetch/api_client.h"
#include "intake/sheet_reader.h"

namespace imgmill::cli {

inline constexpr std::size_t kRowsShown = 12;

// "\n  row 2, S. No.: …" of each, kRowsShown at most, and how many more there are in `total`.
[[nodiscard]] std::string row_lines(std::span<const RowFault> faults, std::uint64_t total);

// The code says what it means for the exit status: kInvalid, kNotFound, kConflict, else
// kUnavailable. `server` is named when the answer is none of an imgmill.
[[nodiscard]] Error problem_of(const ApiReply& reply, std::string_view server);

}  // namespace imgmill::cli
