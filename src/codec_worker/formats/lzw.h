// LZW as GIF packs palette indices: exact both ways, and packing with indices whose colours are
// near.
#pragma once

#include <array>
#include <optional>

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker {

enum class LzwEnd : std::uint8_t {
  kComplete,  // `count` indices
  kShort,     // the end code, or the end of the bytes, came early
  kBroken,    // a code that cannot be
};

struct LzwIndices {
  Buffer indices;
  LzwEnd end = LzwEnd::kComplete;
};

// At most `count` indices; what follows them is ignored. `code_bits` is 1..8.
[[nodiscard]] LzwIndices unpack_lzw(Bytes packed, int code_bits, std::size_t count);

// What an index may be replaced by. Distances are in levels of 0..255, through the colour cube.
class LzwTolerance {
 public:
  // Nothing may be replaced.
  LzwTolerance() = default;
  // Colours of `palette` (RGB triples) up to `distance` apart; never from or to `transparent`.
  LzwTolerance(Bytes palette, std::optional<std::uint8_t> transparent, int distance);

  struct Color {
    int r = 0, g = 0, b = 0;
    bool replaceable = false;
  };
  [[nodiscard]] const Color& color(std::uint8_t index) const { return colors_[index]; }
  [[nodiscard]] int distance() const { return distance_; }

 private:
  std::array<Color, 256> colors_{};
  int distance_ = 0;
};

// `indices` are below 2^code_bits; `code_bits` is 2..8.
[[nodiscard]] Buffer pack_lzw(Bytes indices, int code_bits, const LzwTolerance& tolerance);

}  // namespace imgmill::codec_worker
