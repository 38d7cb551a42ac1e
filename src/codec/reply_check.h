// Judges what a child answered. The child may be in an attacker's hands, so nothing in its reply is
// believed: the picture's bytes are copied out of the shared memory first, and what is checked and
// handed on is the copy.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "codec/codec.h"

namespace imgmill {

struct ReplyBounds {
  std::uint32_t job = 0;         // the request it must answer
  std::uint64_t pixels_max = 0;  // width × height
  Recipe recipe = {};            // which the rendition keeps to
  std::uint32_t cpu_us_max = 0;  // a larger figure is cut to this
};

// The outcome, or what is wrong with the reply: the child is then not to be trusted again.
// `message` came over the socket; `reply_area` is the arena's second part, which the child can
// still write to.
[[nodiscard]] std::expected<CodecOutcome, std::string_view> take_reply(
    std::span<const std::byte> message, std::span<const std::byte> reply_area,
    const ReplyBounds& bounds);

}  // namespace imgmill
