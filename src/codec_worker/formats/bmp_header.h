// The headers of a BMP, read and checked.
#pragma once

#include <array>
#include <optional>

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

enum class BmpPacking : std::uint8_t { kNone, kRle8, kRle4 };

// Where one channel's bits are in a pixel's number.
struct BmpField {
  std::uint32_t mask = 0;
  int shift = 0;
  std::uint32_t largest = 0;  // value of the field when all its bits are set

  // 0..255; 0 without a field.
  [[nodiscard]] std::uint8_t sample(std::uint32_t pixel) const {
    if (largest == 0) return 0;
    const std::uint64_t value = (pixel & mask) >> shift;
    return static_cast<std::uint8_t>((value * 255 + largest / 2) / largest);
  }
};

struct BmpHeader {
  PixelSize size;
  bool top_down = false;
  int bits = 0;  // a pixel: 1, 2, 4, 8, 16, 24 or 32
  BmpPacking packing = BmpPacking::kNone;
  std::array<BmpField, 4> fields;  // red, green, blue, alpha; of 16 and 32 bits
  std::array<std::array<std::uint8_t, 3>, 256> palette{};  // RGB; of up to 8 bits
  bool grey_palette = false;
  Bytes pixels;  // from the first on, up to the end of the file

  [[nodiscard]] std::size_t row_bytes() const {
    return (std::size_t{size.width} * static_cast<std::size_t>(bits) + 31) / 32 * 4;
  }
};

// nullopt: not the beginning of a BMP.
[[nodiscard]] std::optional<std::uint32_t> bmp_header_bytes(Bytes source);

// kCorruptImage, kUnsupportedFormat.
[[nodiscard]] Outcome<BmpHeader> parse_bmp_header(Bytes source);

}  // namespace imgmill::codec_worker
