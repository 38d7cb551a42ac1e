#include "http/page.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "http/query.h"

namespace imgmill {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kPositionBytes = 8;
constexpr std::size_t kCheckBytes = 6;
// A multiple of three: base64 without padding.
using CursorBytes = std::array<std::uint8_t, 1 + kPositionBytes + kCheckBytes>;

CursorBytes cursor_bytes(std::string_view listing, std::uint64_t position) {
  const Digest digest = sha256(fmt::format("cursor {} {} {}", kVersion, position, listing));
  CursorBytes bytes{kVersion};
  for (std::size_t i = 0; i < kPositionBytes; ++i) {
    bytes.at(1 + i) = static_cast<std::uint8_t>(position >> (8 * i));
  }
  std::copy_n(digest.begin(), kCheckBytes, bytes.begin() + 1 + kPositionBytes);
  return bytes;
}

std::string write_cursor(std::string_view listing, std::uint64_t position) {
  std::string text = to_base64(cursor_bytes(listing, position));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::optional<std::uint64_t> read_cursor(std::string_view listing, std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != CursorBytes().size()) return std::nullopt;
  std::uint64_t position = 0;
  for (std::size_t i = kPositionBytes; i > 0; --i) {
    position = position << 8 | static_cast<std::uint8_t>((*bytes)[i]);
  }
  const CursorBytes expected = cursor_bytes(listing, position);
  if (!std::ranges::equal(*bytes, expected, {},
                          [](char c) { return static_cast<std::uint8_t>(c); }))
    return std::nullopt;
  return position;
}

}  // namespace

Answer<PageAsked> page_asked(std::string_view query, std::string_view listing) {
  const auto limit = query_number(query, "limit", 1, limits::kPageItemsMax);
  if (!limit) return std::unexpected(limit.error());
  auto cursor = query_value(query, "cursor");
  if (!cursor) return std::unexpected(std::move(cursor).error());
  PageAsked page{.limit = limit->value_or(limits::kPageItemsDefault)};
  if (!*cursor) return page;
  page.from = read_cursor(listing, **std::move(cursor));
  if (page.from) return page;
  return std::unexpected(bad_parameter(
      "cursor", "it is not a next_cursor of this listing with this filter: begin without it"));
}

std::string cursor_json(std::string_view listing, std::optional<std::uint64_t> next) {
  return next ? fmt::format("\"{}\"", write_cursor(listing, *next)) : "null";
}

}  // namespace imgmill
