#include "http/multipart.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "http/header_value.h"

namespace imgmill {
namespace {

constexpr std::string_view kBoundaryMarks =
    "'()+_,-./:=? ";  // RFC 2046, besides letters and digits

bool is_boundary(std::string_view text) {
  const auto legal = [](char c) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric || kBoundaryMarks.contains(c);
  };
  return !text.empty() && text.size() <= limits::kMultipartBoundaryBytesMax &&
         !text.ends_with(' ') && std::ranges::all_of(text, legal);
}

// The value of a field of a part's head, whose lines end in CR LF; nullopt when it has none.
std::optional<std::string_view> field_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != line.npos && equal_ignoring_case(trimmed(line.substr(0, colon)), name)) {
      return trimmed(line.substr(colon + 1));
    }
    head.remove_prefix(end == head.npos ? head.size() : end + 2);
  }
  return std::nullopt;
}

bool is_encoded(std::string_view head) {
  const auto encoding = field_of(head, "Content-Transfer-Encoding");
  if (!encoding) return false;
  return !equal_ignoring_case(*encoding, "binary") && !equal_ignoring_case(*encoding, "8bit") &&
         !equal_ignoring_case(*encoding, "7bit");
}

Result<PartHead> read_head(std::string_view head) {
  const auto disposition = field_of(head, "Content-Disposition");
  if (!disposition || !equal_ignoring_case(main_value(*disposition), "form-data")) {
    return fail(ErrorCode::kInvalid,
                "a part of the form has no \"Content-Disposition: form-data\" line");
  }
  auto name = parameter(*disposition, "name");
  if (!name) return fail(ErrorCode::kInvalid, "a part of the form has no name");
  if (is_encoded(head)) {
    return fail(ErrorCode::kInvalid,
                "a part of the form has a Content-Transfer-Encoding: send its bytes as they are");
  }
  return PartHead{*std::move(name), parameter(*disposition, "filename")};
}

}  // namespace

std::optional<Result<std::string>> multipart_boundary(std::string_view content_type) {
  if (!equal_ignoring_case(main_value(content_type), "multipart/form-data")) return std::nullopt;
  auto boundary = parameter(content_type, "boundary");
  if (!boundary) {
    return fail(ErrorCode::kInvalid,
                "the Content-Type has no boundary: let the client set it (with curl: -F)");
  }
  if (!is_boundary(*boundary)) {
    return fail(ErrorCode::kInvalid,
                "the boundary in the Content-Type is not 1 to 70 characters of RFC 2046");
  }
  return *std::move(boundary);
}

// The body may begin with a boundary at once, without a line break before it: it counts as there.
MultipartParser::MultipartParser(std::string_view boundary, MultipartSink& sink)
    : delimiter_(fmt::format("\r\n--{}", boundary)), sink_(sink), matched_(2), implied_(2) {}

Result<void> MultipartParser::feed(std::string_view bytes) {
  while (!bytes.empty()) TRY_VOID(step(bytes));
  return {};
}

Result<void> MultipartParser::finish() const {
  if (state_ == State::kEpilogue) return {};
  return fail(ErrorCode::kInvalid,
              state_ == State::kPreamble
                  ? "the body does not begin with the boundary that the Content-Type names"
                  : "the body ends before its closing boundary: it was cut off, send it again");
}

Result<void> MultipartParser::step(std::string_view& rest) {
  switch (state_) {
    case State::kPreamble:
    case State::kData:
      return matched_ > 0 ? match_on(rest) : scan_data(rest);
    case State::kAfterBoundary:
      return take_after_boundary(rest);
    case State::kHead:
      return take_head(rest);
    case State::kEpilogue:
      rest = {};
      return {};
  }
  return {};
}

// No delimiter has begun: gives everything up to one, or up to what may be the beginning of one.
Result<void> MultipartParser::scan_data(std::string_view& rest) {
  const void* const found =
      ::memmem(rest.data(), rest.size(), delimiter_.data(), delimiter_.size());
  if (found != nullptr) {
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - rest.data());
    TRY_VOID(give(rest.substr(0, at)));
    rest.remove_prefix(at + delimiter_.size());
    return boundary_found();
  }
  const std::size_t tail = rest.size() - std::min(rest.size(), delimiter_.size() - 1);
  const std::size_t cr = rest.rfind('\r');
  const bool begins = cr != rest.npos && cr >= tail && delimiter_.starts_with(rest.substr(cr));
  const std::size_t end = begins ? cr : rest.size();
  matched_ = rest.size() - end;
  const std::string_view data = rest.substr(0, end);
  rest = {};
  return give(data);
}

// A delimiter has begun at the end of what was fed. When it does not go on, all of it was data: the
// only CR of a delimiter is its first byte, so no other one can have begun within it.
Result<void> MultipartParser::match_on(std::string_view& rest) {
  while (!rest.empty() && matched_ < delimiter_.size() && rest.front() == delimiter_[matched_]) {
    rest.remove_prefix(1);
    ++matched_;
  }
  if (matched_ == delimiter_.size()) return boundary_found();
  if (rest.empty()) return {};
  const std::size_t implied = std::exchange(implied_, 0);
  const std::size_t held = std::exchange(matched_, 0);
  return give(std::string_view(delimiter_).substr(implied, held - implied));
}

Result<void> MultipartParser::give(std::string_view bytes) {
  if (state_ == State::kPreamble || bytes.empty()) return {};
  return sink_.on_data(bytes);
}

Result<void> MultipartParser::boundary_found() {
  const bool ends_part = state_ == State::kData;
  state_ = State::kAfterBoundary;
  matched_ = 0;
  implied_ = 0;
  line_.clear();
  return ends_part ? sink_.on_part_end() : Result<void>();
}

// "--" closes the body; else spaces and a line break begin a part.
Result<void> MultipartParser::take_after_boundary(std::string_view& rest) {
  line_ += rest.front();
  rest.remove_prefix(1);
  if (line_ == "--") {
    state_ = State::kEpilogue;
  } else if (line_.ends_with("\r\n") && trimmed(line_.substr(0, line_.size() - 2)).empty()) {
    state_ = State::kHead;
    line_ = "\r\n";  // a head may be empty: its end is a line break after a line break
  } else if (line_.size() > limits::kMultipartBoundaryBytesMax ||
             line_.find_first_not_of(" \t\r-") != line_.npos) {
    return fail(ErrorCode::kInvalid, "a boundary of the form is not followed by a line break");
  }
  return {};
}

Result<void> MultipartParser::take_head(std::string_view& rest) {
  const std::size_t line_end = rest.find('\n');
  const std::size_t count = line_end == rest.npos ? rest.size() : line_end + 1;
  if (line_.size() + count > limits::kMultipartHeadBytesMax) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the head of a part of the form is longer than {} bytes",
                            limits::kMultipartHeadBytesMax));
  }
  line_ += rest.substr(0, count);
  rest.remove_prefix(count);
  return line_.ends_with("\r\n\r\n") ? begin_part() : Result<void>();
}

Result<void> MultipartParser::begin_part() {
  if (++parts_ > limits::kFormPartsMax) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the form has more than {} parts", limits::kFormPartsMax));
  }
  TRY(const PartHead head, read_head(std::string_view(line_).substr(2)));
  state_ = State::kData;
  // The line break that ends the head may also begin the delimiter: an empty part may have no
  // other.
  matched_ = 2;
  implied_ = 2;
  line_.clear();
  return sink_.on_part(head);
}

}  // namespace imgmill
