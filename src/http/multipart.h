// multipart/form-data (RFC 7578) as it arrives: bytes go in, in blocks of any size, and parts come
// out through a MultipartSink as views of these bytes. Memory is bounded by one part's header.
//
// Pure: no I/O, no clock. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace imgmill {

struct PartHead {
  std::string name;
  std::optional<std::string> file_name;
};

// An error of a sink ends the parsing and is what feed() returns.
class MultipartSink {
 public:
  virtual ~MultipartSink() = default;
  [[nodiscard]] virtual Result<void> on_part(const PartHead& head) = 0;
  // Any number of times a part; the view lives until it returns.
  [[nodiscard]] virtual Result<void> on_data(std::string_view bytes) = 0;
  [[nodiscard]] virtual Result<void> on_part_end() = 0;
};

// The boundary of a Content-Type, or kInvalid with a text that says how to mend it. nullopt when
// the type is not multipart/form-data at all.
[[nodiscard]] std::optional<Result<std::string>> multipart_boundary(std::string_view content_type);

class MultipartParser {
 public:
  // `boundary` as multipart_boundary() gave it.
  MultipartParser(std::string_view boundary, MultipartSink& sink);

  // kInvalid for what is not multipart, kTooLarge over a bound of limits.h, or the sink's error.
  // After an error the parser is spent.
  [[nodiscard]] Result<void> feed(std::string_view bytes);
  // kInvalid when the closing boundary has not come.
  [[nodiscard]] Result<void> finish() const;

 private:
  enum class State { kPreamble, kAfterBoundary, kHead, kData, kEpilogue };

  [[nodiscard]] Result<void> step(std::string_view& rest);
  [[nodiscard]] Result<void> scan_data(std::string_view& rest);
  [[nodiscard]] Result<void> match_on(std::string_view& rest);
  [[nodiscard]] Result<void> give(std::string_view bytes);
  [[nodiscard]] Result<void> boundary_found();
  [[nodiscard]] Result<void> take_after_boundary(std::string_view& rest);
  [[nodiscard]] Result<void> take_head(std::string_view& rest);
  [[nodiscard]] Result<void> begin_part();

  const std::string delimiter_;  // CR LF "--" boundary; its one CR is its first byte
  MultipartSink& sink_;
  State state_ = State::kPreamble;
  std::size_t matched_ = 0;  // bytes of the delimiter that end what was fed
  std::size_t implied_ = 0;  // so many of them stood before the data and are not of it
  std::string line_;         // what has come after a boundary, or of a part's head
  std::size_t parts_ = 0;
};

}  // namespace imgmill
