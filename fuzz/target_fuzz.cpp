// The target of a request as an attacker would write it: its path, its query, and the cursor in it.
// The first eight bytes are a position, whose own cursor must lead back to it and nowhere else.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "http/page.h"
#include "http/path.h"
#include "http/query.h"

namespace imgmill {
namespace {

constexpr std::string_view kListing = "requests?failed";

void check_path(std::string_view target) {
  const auto path = decoded_path(target);
  CHECK(!path || (path->starts_with('/') && path->find('\0') == path->npos));
  CHECK(!path || path->size() <= target.size());
  static_cast<void>(escaped_byte(target));
}

void check_page(std::string_view query) {
  const auto page = page_asked(query, kListing);
  if (!page) {
    CHECK(page.error().status == 400 && !page.error().detail.empty());
    return;
  }
  CHECK(page->limit >= 1 && page->limit <= limits::kPageItemsMax);
  static_cast<void>(query_value(query, "status"));
}

void check_cursor(std::uint64_t position, std::string_view behind) {
  const std::string json = cursor_json(kListing, position);
  const std::string query = "cursor=" + json.substr(1, json.size() - 2);
  const auto page = page_asked(query, kListing);
  CHECK(page && page->from == position);
  CHECK(!page_asked(query, "requests?"));
  const auto longer = page_asked(query + std::string(behind), kListing);
  CHECK(!longer || longer->from == position);
}

}  // namespace
}  // namespace imgmill

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t position = 0;
  if (size < sizeof position) return 0;
  std::memcpy(&position, data, sizeof position);
  // A block of its exact size.
  const std::string target(reinterpret_cast<const char*>(data) + sizeof position,
                           size - sizeof position);
  if (target.find('\0') != target.npos) return 0;  // no head with one is read
  imgmill::check_path(target);
  imgmill::check_page(target);
  imgmill::check_page(imgmill::query_of(target));
  imgmill::check_cursor(position, target);
  return 0;
}
