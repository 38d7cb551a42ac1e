#include "intake/text.h"

#include <algorithm>

namespace imgmill {
namespace {

constexpr std::size_t kExcerptBytes = 80;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return text.substr(0, 0);
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), lower);
  return lowered;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool starts_with_name(std::string_view text, std::string_view lower_case_start) {
  return same_name(text.substr(0, lower_case_start.size()), lower_case_start);
}

std::string excerpt(std::string_view value) {
  std::size_t size = std::min(value.size(), kExcerptBytes);
  while (size > 0 && size < value.size() && continues_character(value[size])) --size;
  std::string shown(value.substr(0, size));
  std::ranges::replace_if(shown, is_control, '?');
  return '"' + shown + (size < value.size() ? "…\"" : "\"");
}

}  // namespace imgmill
