// What an endpoint answers. The session writes it: framing, HEAD, keep-alive and the headers that
// every answer carries are its business.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/error.h"

namespace imgmill {

// A body that is too large to be held whole.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Replaces `out` with the next block; empty at the end. Blocks: called on the pool, never twice
  // at a time. An error after the first block ends the connection: the answer can no longer be
  // taken back.
  [[nodiscard]] virtual Result<void> next_block(std::string& out) = 0;
};

// A body that comes as things happen; most of the time there is nothing to send.
class LiveSource {
 public:
  virtual ~LiveSource() = default;
  // The next piece, as soon as there is one; nullptr at the end. On the session's strand; waiting
  // holds no thread. A piece may be shared with others.
  [[nodiscard]] virtual Task<std::shared_ptr<const std::string>> next() = 0;
};

struct ReplyHeader {
  std::string_view name;  // a literal
  std::string value;      // ours, without line breaks
};

struct Reply {
  int status = 200;
  std::string_view content_type{};  // a literal; empty: none
  std::vector<ReplyHeader> headers{};
  std::string body{};
  std::unique_ptr<BodySource> source{};   // instead of body
  std::unique_ptr<LiveSource> live{};     // instead of both
  std::optional<std::uint64_t> length{};  // of the source; nullopt: known when it ends
  std::string private_detail{};           // why it is a 5xx, for the log
};

[[nodiscard]] std::string_view title_of(int status);

enum class BodyFraming { kLength, kChunked, kUntilClose };

struct HeadFacts {
  Time now;
  BodyFraming framing = BodyFraming::kLength;
  bool keep_alive = true;
  bool http_1_0 = false;
};

// Appends status line and headers, up to and with the blank line.
void append_head(const Reply& reply, const HeadFacts& facts, std::string& out);

}  // namespace imgmill
