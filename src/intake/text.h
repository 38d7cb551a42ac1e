// Small words about text that several files of intake need. ASCII rules only: what is beyond ASCII
// is kept as it is. Private to intake. Pure.
#pragma once

#include <string>
#include <string_view>

namespace imgmill {

// Without spaces, tabs and line breaks at either end.
[[nodiscard]] std::string_view trimmed(std::string_view text);

[[nodiscard]] std::string lower_case(std::string_view text);

// Equal but for the case of letters.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);
[[nodiscard]] bool starts_with_name(std::string_view text, std::string_view lower_case_start);

// A value inside a message: in quotes, at most some 80 bytes, never cut inside a UTF-8 character,
// control characters as "?".
[[nodiscard]] std::string excerpt(std::string_view value);

}  // namespace imgmill
