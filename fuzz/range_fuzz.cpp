// The headers of a conditional or range request: the first eight bytes are the object's size, then
// come If-None-Match, If-Modified-Since, If-Range and Range, a line each. What is to be sent must
// lie within the object.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "http/byte_range.h"

namespace imgmill {
namespace {

constexpr std::string_view kEtag = "\"0123456789abcdef\"";

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void check(std::uint64_t size_bytes, std::string_view text) {
  const ObjectFacts object{.size_bytes = size_bytes, .modified_at = Time{}, .etag = kEtag};
  Conditions conditions;
  conditions.if_none_match = take_line(text);
  conditions.if_modified_since = take_line(text);
  conditions.if_range = take_line(text);
  conditions.range = take_line(text);
  const bool unmodified = is_not_modified(conditions, object);
  CHECK(!unmodified || !conditions.if_none_match.empty() || !conditions.if_modified_since.empty());
  const auto chosen = choose_range(conditions, object);
  CHECK(!conditions.range.empty() || std::holds_alternative<WholeObject>(chosen));
  if (const auto* range = std::get_if<ByteRange>(&chosen)) {
    CHECK(range->first < size_bytes && range->count >= 1);
    CHECK(range->count <= size_bytes - range->first);
  }
}

}  // namespace
}  // namespace imgmill

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t size_bytes = 0;
  if (size < sizeof size_bytes) return 0;
  std::memcpy(&size_bytes, data, sizeof size_bytes);
  // A block of its exact size.
  const std::string text(reinterpret_cast<const char*>(data) + sizeof size_bytes,
                         size - sizeof size_bytes);
  imgmill::check(size_bytes, text);
  return 0;
}
