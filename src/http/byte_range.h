// Conditional and range requests (RFC 9110, 13 and 14) for one stored object. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/clock.h"

namespace imgmill {

struct ObjectFacts {
  std::uint64_t size_bytes = 0;
  Time modified_at;
  std::string_view etag;  // strong, with its quotes
};

struct Conditions {  // header values; empty: absent
  std::string_view if_none_match{};
  std::string_view if_modified_since{};
  std::string_view if_range{};
  std::string_view range{};
};

// Whether a GET or HEAD is answered with 304.
[[nodiscard]] bool is_not_modified(const Conditions& conditions, const ObjectFacts& object);

struct WholeObject {};
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;  // at least 1
};
struct Unsatisfiable {};

// What to answer to a GET: several ranges at once and units other than bytes get the whole.
[[nodiscard]] std::variant<WholeObject, ByteRange, Unsatisfiable> choose_range(
    const Conditions& conditions, const ObjectFacts& object);

}  // namespace imgmill
