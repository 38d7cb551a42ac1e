// What a listing is asked for, and how it tells where it goes on: limit and cursor, of all
// listings. A cursor is opaque to clients: base64url of a version, a position, and a check that
// binds it to its listing, so that one that was cut, made up or taken from another listing (or
// filter) is a 400 and no wrong page. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/problem.h"

namespace imgmill {

struct PageAsked {
  std::uint32_t limit = 0;
  std::optional<std::uint64_t> from = {};  // nullopt: the first page
};

// `listing` names the listing and its filter: "requests?failed".
[[nodiscard]] Answer<PageAsked> page_asked(std::string_view query, std::string_view listing);

// As a JSON value: a string, or null at the end.
[[nodiscard]] std::string cursor_json(std::string_view listing, std::optional<std::uint64_t> next);

}  // namespace imgmill
