// The unit of JPEG: a block of 64 coefficients, kept in zigzag order as the coded data has them, so
// that what is zero stands behind what is not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace imgmill::codec_worker {

inline constexpr int kJpegBlockSize = 64;
inline constexpr int kJpegComponentsMax = 4;
inline constexpr int kJpegBlocksPerMcuMax = 10;  // T.81, B.2.3
// An MCU that an encoder made is some hundred bytes; four of them keep a vector unit busy behind
// the bit reader without leaving the first cache.
inline constexpr int kJpegMcusAtOnce = 4;

using JpegCoefficient = std::int16_t;
using JpegSteps = std::array<std::uint16_t, kJpegBlockSize>;  // of quantisation, in zigzag order

// Where the k-th coefficient stands in the square, counted by rows.
inline constexpr std::array<std::uint8_t, kJpegBlockSize> kJpegZigzag = [] {
  std::array<std::uint8_t, kJpegBlockSize> order{};
  int x = 0;
  int y = 0;
  for (auto& place : order) {
    place = static_cast<std::uint8_t>(y * 8 + x);
    const bool upwards = (x + y) % 2 == 0;
    int& along = upwards ? x : y;
    int& back = upwards ? y : x;
    // At the square's edge the path turns instead of leaving it.
    if (along == 7) {
      ++back;
    } else {
      ++along;
      if (back > 0) --back;
    }
  }
  return order;
}();

}  // namespace imgmill::codec_worker
