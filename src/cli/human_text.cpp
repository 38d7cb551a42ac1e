#include "cli/human_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace imgmill::cli {

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits{"KB", "MB", "GB", "TB"};
  if (bytes < 1'000) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes) / 1'000;
  std::size_t unit = 0;
  for (; value >= 1'000 && unit + 1 < kUnits.size(); ++unit) value /= 1'000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string human_time(std::chrono::seconds time) {
  const auto seconds = time.count();
  constexpr auto kHour = 3'600;
  if (seconds < kHour) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / kHour, seconds / 60 % 60, seconds % 60);
}

std::string saved_share(std::uint64_t bytes_in, std::uint64_t bytes_out) {
  const double in = std::max(static_cast<double>(bytes_in), 1.0);
  const double saved = bytes_in == 0 ? 0 : 100 - 100 * static_cast<double>(bytes_out) / in;
  return fmt::format("{:.1f} %", saved);
}

std::string printable(std::string_view text) {
  std::string shown = printable_lines(text);
  std::ranges::replace(shown, '\n', '?');
  return shown;
}

std::string printable_lines(std::string_view text) {
  const auto is_control = [](char c) {
    return c != '\n' && (static_cast<unsigned char>(c) < ' ' || c == 0x7F);
  };
  std::string shown(text);
  std::ranges::replace_if(shown, is_control, '?');
  // C1 controls, in UTF-8: a terminal may take them for escape sequences.
  for (std::size_t at = 0; (at = shown.find('\xC2', at)) != shown.npos; ++at) {
    const bool is_c1 = at + 1 < shown.size() && static_cast<unsigned char>(shown[at + 1]) < 0xA0;
    if (is_c1) shown.replace(at, 2, "?");
  }
  return shown;
}

std::string images_text(std::uint64_t count) {
  return fmt::format("{} image{}", count, count == 1 ? "" : "s");
}

std::string query_escaped(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string escaped;
  for (const char c : text) {
    escaped += kPlain.contains(c) ? std::string(1, c)
                                  : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped;
}

}  // namespace imgmill::cli
