// Small words about text. ASCII rules only: what is beyond ASCII is kept as it is. Pure.
#pragma once

#include <string>
#include <string_view>

namespace imgmill {

// Without spaces, tabs and line breaks at either end.
[[nodiscard]] std::string_view trimmed(std::string_view text);

[[nodiscard]] std::string lower_case(std::string_view text);

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] bool starts_with_ignoring_case(std::string_view text, std::string_view start);

}  // namespace imgmill
