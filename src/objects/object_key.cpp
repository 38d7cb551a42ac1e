#include <cstddef>
#include <string_view>

#include "objects/object_store.h"

namespace imgmill {
namespace {

constexpr std::size_t kKeyBytesMax = 512;
constexpr std::size_t kSegmentBytesMax = 255;  // NAME_MAX of every common file system

bool is_segment(std::string_view segment) {
  static constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !segment.empty() && segment.size() <= kSegmentBytesMax && segment.front() != '.' &&
         segment.find_first_not_of(kAllowed) == segment.npos;
}

}  // namespace

bool is_object_key(std::string_view key) {
  if (key.size() > kKeyBytesMax) return false;
  for (;;) {
    const std::size_t slash = key.find('/');
    if (!is_segment(key.substr(0, slash))) return false;
    if (slash == key.npos) return true;
    key.remove_prefix(slash + 1);
  }
}

}  // namespace imgmill
