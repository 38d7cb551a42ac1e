// HTTP's dates, "Sun, 06 Nov 1994 08:49:37 GMT": whole seconds, always UTC. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace imgmill {

[[nodiscard]] std::string format_http_date(Time time);
// nullopt for anything but this form; the two forms that RFC 9110 calls obsolete are not taken.
[[nodiscard]] std::optional<Time> parse_http_date(std::string_view text);

}  // namespace imgmill
