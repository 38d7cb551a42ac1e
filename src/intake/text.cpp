#include "intake/text.h"

#include <algorithm>

#include "intake/url.h"

namespace imgmill {
namespace {

constexpr std::size_t kExcerptBytes = 80;

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }

}  // namespace

std::string excerpt(std::string_view whole) {
  const std::string value = without_credentials(whole);
  std::size_t size = std::min(value.size(), kExcerptBytes);
  while (size > 0 && size < value.size() && continues_character(value[size])) --size;
  std::string shown = value.substr(0, size);
  std::ranges::replace_if(shown, is_control, '?');
  return '"' + shown + (size < value.size() ? "…\"" : "\"");
}

}  // namespace imgmill
