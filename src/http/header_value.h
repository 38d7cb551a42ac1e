// Values of header fields that carry parameters: `form-data; name="file"; filename="a.csv"`.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace imgmill {

// What stands before the first semicolon, trimmed.
[[nodiscard]] std::string_view main_value(std::string_view field);
// A parameter's value, unquoted; nullopt when it is not there or its quote is never closed.
[[nodiscard]] std::optional<std::string> parameter(std::string_view field, std::string_view name);
// Whether an Accept-Encoding names the coding and does not rule it out with q=0.
[[nodiscard]] bool accepts_coding(std::string_view field, std::string_view coding);

}  // namespace imgmill
