// From the source's quantisation steps to coarser ones, without leaving the frequency domain.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "codec_worker/formats/jpeg_block.h"

namespace imgmill::codec_worker {

// Values go to the nearest multiple of the new step, but what is less than this share of a step
// becomes zero where it would cost bits and can hardly be seen: behind the two lowest frequencies.
struct JpegRounding {
  double zero_below = 0.5;
  // Exactly half a step goes to the smaller multiple there, not to the larger, where the source's
  // steps are so coarse that this is what many values are.
  bool ties_fall = false;
  // Of the k-th coefficient in zigzag order.
  [[nodiscard]] double zero_below_at(int k) const;
  [[nodiscard]] bool ties_fall_at(int k) const;
  // Colour differences are better off without the zeros.
  [[nodiscard]] JpegRounding of(bool chroma) const {
    return chroma ? JpegRounding{.ties_fall = ties_fall} : *this;
  }
};
inline constexpr JpegRounding kJpegPlainRounding{};
// Chosen on photographs of quality 90, for 50 (docs/codec.md).
inline constexpr JpegRounding kJpegDeadZone{.zero_below = 0.63, .ties_fall = true};

// Numbers made ready for |c| → (min(|c|, limit) × source + offset) ÷ target in 16 bits. The
// division is two multiplications that are exact for dividends of 14 bits, which is more than a
// coefficient of 8-bit samples has; the limit keeps a lying one within them, and the result within
// what baseline JPEG can code.
struct JpegRequantisation {
  using Lanes = std::array<std::uint16_t, kJpegBlockSize>;
  alignas(64) Lanes limit{};
  alignas(64) Lanes source{};  // × 4
  alignas(64) Lanes offset{};  // × 4
  alignas(64) Lanes inverse{};
  alignas(64) Lanes scale{};
  alignas(64) Lanes dropped{};  // up to that |c| is zero

  // `target` is nowhere finer than `source`, and where it is coarser it is at most 255. Where they
  // are equal nothing changes.
  [[nodiscard]] static JpegRequantisation make(const JpegSteps& source, const JpegSteps& target,
                                               const JpegRounding& rounding);
};

// Requantises MCUs in place, block by block with what `mcu` says for each block of an MCU. Bit k of
// masks[i] tells that the k-th coefficient of block i is not zero.
void requantise_jpeg_blocks(std::span<const JpegRequantisation* const> mcu, int mcus,
                            JpegCoefficient* blocks, std::uint64_t* masks);

}  // namespace imgmill::codec_worker
