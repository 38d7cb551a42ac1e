#include "batch/archive_name.h"

#include <optional>

#include <fmt/format.h>

#include "intake/url.h"

namespace imgmill {
namespace {

constexpr std::size_t kStemBytesMax = 120;
constexpr std::string_view kRefusedByWindows = "\\/:*?\"<>|";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// "%41" is "A"; a stray "%" stays.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool whole = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                       hex_digit(text[i + 2]) >= 0;
    if (whole) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The character at the front, taken off; nullopt where it is no UTF-8.
std::optional<char32_t> take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const int more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  constexpr char32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if ((first >= 0x80 && first < 0xc2) || first > 0xf4) return std::nullopt;
  if (text.size() <= static_cast<std::size_t>(more)) return std::nullopt;
  char32_t character = more == 0 ? first : first & (0x3fU >> more);
  for (int i = 1; i <= more; ++i) {
    const auto next = static_cast<unsigned char>(text[static_cast<std::size_t>(i)]);
    if ((next & 0xc0U) != 0x80) return std::nullopt;
    character = character << 6 | (next & 0x3fU);
  }
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  if (character < kLeast[more] || character > 0x10ffff || surrogate) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(more) + 1);
  return character;
}

// Control characters and what turns or hides the text around it.
bool is_harmful(char32_t character) {
  const auto within = [character](char32_t first, char32_t last) {
    return character >= first && character <= last;
  };
  return within(0, 0x1f) || within(0x7f, 0x9f) || within(0x200b, 0x200f) ||
         within(0x2028, 0x202e) || within(0x2060, 0x2069) || character == 0x61c ||
         character == 0xfeff;
}

// nullopt where it is no UTF-8.
std::optional<std::string> cleaned(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view before = text;
    const auto character = take_character(text);
    if (!character) return std::nullopt;
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    if (out.size() + bytes.size() > kStemBytesMax) break;
    const bool refused = is_harmful(*character) || kRefusedByWindows.contains(bytes);
    out += refused ? std::string_view("_") : bytes;
  }
  return out;
}

// The last segment of the path, without its extension, percent-encoded as it stands.
std::string_view last_segment(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t slash = url.rfind('/');
  if (slash == url.npos) return {};
  return url.substr(slash + 1);
}

std::string stem_of(std::string_view url) {
  std::string name = percent_decoded(last_segment(url));
  if (const std::size_t dot = name.rfind('.'); dot != name.npos && dot > 0) name.resize(dot);
  const auto stem = cleaned(name);
  return stem && !stem->empty() ? *stem : url_stem(url);
}

}  // namespace

std::string archive_name(std::uint32_t row, std::uint32_t position, std::string_view url,
                         std::string_view extension) {
  return fmt::format("{}-{}-{}.{}", row, position, stem_of(url), extension);
}

}  // namespace imgmill
