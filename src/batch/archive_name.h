// What an output is called in the archive of its request: "17-2-My photo.jpg" is row 17, position
// 2, source "…/My%20photo.png?w=3", made into a JPEG. Safe on every file system: no separator, no
// control or bidirectional character, none of the characters that Windows refuses, at most some 150
// bytes; row and position make each name one of its kind, and none is "..", "CON" or the like.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace imgmill {

// `extension` is without its dot.
[[nodiscard]] std::string archive_name(std::uint32_t row, std::uint32_t position,
                                       std::string_view url, std::string_view extension);

}  // namespace imgmill
