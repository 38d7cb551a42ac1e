// An answer that is no success, as people read it: the problem's error and detail, then its rows,
// a dozen at most. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/human_text.h"
#include "fetch/api_client.h"

namespace imgmill::cli {

inline constexpr std::size_t kProblemRowsShown = 12;

// The code says what it means for the exit status: kInvalid, kNotFound, kConflict, else
// kUnavailable. `server` is named when the answer is none of an imgmill.
[[nodiscard]] Error problem_of(const ApiReply& reply, std::string_view server);

}  // namespace imgmill::cli
