// Bits of coded data, most significant first. No check of the end: whoever reads makes sure that
// enough bytes, or enough zeros behind the last, stand in memory (jpeg_coded_data.h).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace imgmill::codec_worker {

struct JpegBits {
  std::uint64_t buffer = 0;  // the next bits, at the top
  int count = 0;             // of them that are told; there may be more
  const std::uint8_t* next = nullptr;

  // At least 56 bits are in the buffer then; reads 8 bytes from `next` on. What lies in the buffer
  // behind `count` is what stands at `next`, so that setting it once more changes nothing.
  void fill() {
    std::uint64_t more = 0;
    std::memcpy(&more, next, sizeof more);
    if constexpr (std::endian::native == std::endian::little) more = __builtin_bswap64(more);
    buffer |= more >> count;
    next += (63 - count) >> 3;
    count |= 56;
  }
  [[nodiscard]] std::uint32_t peek(int bits) const {  // 1..32
    return static_cast<std::uint32_t>(buffer >> (64 - bits));
  }
  void drop(int bits) {  // 0..63, of those in the buffer
    buffer <<= bits;
    count -= bits;
  }
  [[nodiscard]] std::uint32_t take(int bits) {  // 0..31
    const auto taken = static_cast<std::uint32_t>((buffer >> 1) >> (63 - bits));
    drop(bits);
    return taken;
  }
};

// A value of `size` bits as JPEG writes it: the lower half of them is negative.
[[nodiscard]] inline int jpeg_extend(std::uint32_t bits, int size) {
  const auto value = static_cast<int>(bits);
  const bool negative = size > 0 && (bits >> (size - 1)) == 0;
  return negative ? value - (1 << size) + 1 : value;
}

// A DC value from the one before. Hostile differences may add up to more than an int holds.
[[nodiscard]] inline int jpeg_predicted(int prediction, int difference) {
  return static_cast<int>(static_cast<unsigned>(prediction) + static_cast<unsigned>(difference));
}

}  // namespace imgmill::codec_worker
