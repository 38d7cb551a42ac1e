// Fields as RFC 4180 wants them written. Private to intake. Pure: text is appended.
#pragma once

#include <string>
#include <string_view>

namespace imgmill {

[[nodiscard]] bool needs_quotes(std::string_view field, char delimiter);
void write_with_doubled_quotes(std::string_view text, std::string& out);
// In quotes where it needs them.
void write_field(std::string_view field, char delimiter, std::string& out);

}  // namespace imgmill
