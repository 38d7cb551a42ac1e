// Colour differences at half the resolution across and down, made from the coefficients: the
// average of two neighbouring pixels is a linear map of their blocks' coefficients.
#pragma once

#include <array>
#include <cstdint>

#include "codec_worker/formats/jpeg_block.h"

namespace imgmill::codec_worker {

struct JpegChromaHalving {
  using Square = std::array<float, kJpegBlockSize>;
  alignas(64) Square steps{};    // of the source, in zigzag order
  alignas(64) Square inverse{};  // of the target's steps, by rows, as all below
  alignas(64) Square map{};      // row u: how the left one of two blocks adds to coefficient u

  [[nodiscard]] static JpegChromaHalving make(const JpegSteps& source, const JpegSteps& target);
};

// Two rows of 2 × `count` blocks with the source's steps → one row of `count` blocks, quantised,
// all in zigzag order. Bit k of masks[i] tells that the k-th coefficient of block i is not zero.
void halve_jpeg_chroma(const JpegChromaHalving& by, const JpegCoefficient* upper,
                       const JpegCoefficient* lower, int count, JpegCoefficient* out,
                       std::uint64_t* masks);

}  // namespace imgmill::codec_worker
