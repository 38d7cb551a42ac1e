#include "http/byte_range.h"

#include <algorithm>
#include <charconv>

#include "http/header_value.h"
#include "http/http_date.h"

namespace imgmill {
namespace {

Time whole_seconds(Time time) { return std::chrono::floor<std::chrono::seconds>(time); }

// Weak comparison, as If-None-Match wants it.
bool lists(std::string_view etags, std::string_view etag) {
  while (!etags.empty()) {
    const std::size_t comma = std::min(etags.find(','), etags.size());
    std::string_view one = trimmed(etags.substr(0, comma));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag || one == "*") return true;
    etags.remove_prefix(std::min(comma + 1, etags.size()));
  }
  return false;
}

// Strong comparison: the part asked for is good only beside the part the client has.
bool still_holds(std::string_view if_range, const ObjectFacts& object) {
  if (if_range.empty() || if_range == object.etag) return true;
  const auto date = parse_http_date(if_range);
  return date && *date == whole_seconds(object.modified_at);
}

// Digits only; what does not fit is as good as the largest.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || stop != end) return std::nullopt;
  return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

std::variant<WholeObject, ByteRange, Unsatisfiable> suffix(std::uint64_t wanted,
                                                           std::uint64_t size) {
  if (wanted == 0 || size == 0) return Unsatisfiable{};
  const std::uint64_t count = std::min(wanted, size);
  return ByteRange{size - count, count};
}

}  // namespace

bool is_not_modified(const Conditions& conditions, const ObjectFacts& object) {
  if (!conditions.if_none_match.empty()) return lists(conditions.if_none_match, object.etag);
  const auto since = parse_http_date(conditions.if_modified_since);
  return since && whole_seconds(object.modified_at) <= *since;
}

std::variant<WholeObject, ByteRange, Unsatisfiable> choose_range(const Conditions& conditions,
                                                                 const ObjectFacts& object) {
  const std::size_t equals = conditions.range.find('=');
  if (equals == conditions.range.npos || !still_holds(conditions.if_range, object)) return {};
  if (!equal_ignoring_case(trimmed(conditions.range.substr(0, equals)), "bytes")) return {};
  const std::string_view spec = trimmed(conditions.range.substr(equals + 1));
  const std::size_t dash = spec.find('-');
  if (dash == spec.npos) return {};
  const auto first = number(spec.substr(0, dash));
  const auto last = number(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return {};
    return suffix(*last, object.size_bytes);
  }
  const bool open_ended = dash + 1 == spec.size();
  if (!first || (!last && !open_ended) || (last && *last < *first)) return {};
  if (*first >= object.size_bytes) return Unsatisfiable{};
  const std::uint64_t end = last ? std::min(*last, object.size_bytes - 1) : object.size_bytes - 1;
  return ByteRange{*first, end - *first + 1};
}

}  // namespace imgmill
