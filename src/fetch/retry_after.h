// The Retry-After header of RFC 9110: seconds, or an HTTP date. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace imgmill {

// How long to wait from `now`; 0 for a date that has passed; nullopt when the value is neither.
// More seconds than 32 bits hold are taken as that many.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                                    Time now);

}  // namespace imgmill
