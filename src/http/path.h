// The parts of a request's target, and their encoding. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace imgmill {

// The path, percent-decoded, without scheme, host and query. nullopt for what no address of ours
// can be: a broken or encoded NUL, an encoded slash or backslash, a target that is no path.
[[nodiscard]] std::optional<std::string> decoded_path(std::string_view target);

// A percent-encoded byte, "%2F…", at the front; -1 when it is broken.
[[nodiscard]] int escaped_byte(std::string_view escape);

// What stands behind the '?', encoded as it is; empty without one.
[[nodiscard]] std::string_view query_of(std::string_view target);

}  // namespace imgmill
