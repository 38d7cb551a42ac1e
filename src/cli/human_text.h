// Figures as people read them, and text that is fit for where it goes. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace imgmill::cli {

// "608.6 KB": thousands, as disks and networks count.
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);
// "1:05", "2:01:05".
[[nodiscard]] std::string human_time(std::chrono::seconds time);
// What was saved, as "67.5 %".
[[nodiscard]] std::string saved_share(std::uint64_t bytes_in, std::uint64_t bytes_out);
// Text of another program, fit for a terminal: control characters become "?".
[[nodiscard]] std::string printable(std::string_view text);
// The same, but for the ends of its lines.
[[nodiscard]] std::string printable_lines(std::string_view text);
// "1 image", "2 images".
[[nodiscard]] std::string images_text(std::uint64_t count);
// For a URL's query.
[[nodiscard]] std::string query_escaped(std::string_view text);

}  // namespace imgmill::cli
