// The path of a request's target. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace imgmill {

// The path, percent-decoded, without scheme, host and query. nullopt for what no address of ours
// can be: a broken or encoded NUL, an encoded slash or backslash, a target that is no path.
[[nodiscard]] std::optional<std::string> decoded_path(std::string_view target);

}  // namespace imgmill
