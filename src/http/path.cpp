#include "http/path.h"

namespace imgmill {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A proxy may send the absolute form, "http://host/path".
std::string_view without_origin(std::string_view target) {
  const std::size_t scheme_end = target.find("://");
  if (target.starts_with('/') || scheme_end == target.npos) return target;
  const std::size_t slash = target.find('/', scheme_end + 3);
  return slash == target.npos ? std::string_view("/") : target.substr(slash);
}

}  // namespace

int escaped_byte(std::string_view escape) {
  if (escape.size() < 3) return -1;
  const int high = hex_value(escape[1]);
  const int low = hex_value(escape[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string_view query_of(std::string_view target) {
  target = target.substr(0, target.find('#'));
  const std::size_t mark = target.find('?');
  return mark == target.npos ? std::string_view() : target.substr(mark + 1);
}

std::optional<std::string> decoded_path(std::string_view target) {
  target = without_origin(target);
  target = target.substr(0, target.find_first_of("?#"));
  if (!target.starts_with('/')) return std::nullopt;
  std::string path;
  path.reserve(target.size());
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] != '%') {
      path += target[i];
      continue;
    }
    const int byte = escaped_byte(target.substr(i));
    if (byte <= 0 || byte == '/' || byte == '\\') return std::nullopt;
    path += static_cast<char>(byte);
    i += 2;
  }
  return path;
}

}  // namespace imgmill
