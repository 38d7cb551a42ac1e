// The filters of PNG's rows (PNG specification, 9): what is stored is the difference to a guess
// from the samples on the left and above.
#pragma once

#include <cstdlib>

#include "codec_worker/formats/png_chunks.h"

namespace imgmill::codec_worker {

enum class PngFilter : std::uint8_t { kNone, kSub, kUp, kAverage, kPaeth };

// The guess of PngFilter::kPaeth.
[[nodiscard]] inline int paeth_guess(int left, int up, int corner) {
  const int estimate = left + up - corner;
  const int to_left = std::abs(estimate - left);
  const int to_up = std::abs(estimate - up);
  const int to_corner = std::abs(estimate - corner);
  if (to_left <= to_up && to_left <= to_corner) return left;
  return to_up <= to_corner ? up : corner;
}

// Writes `row` through the filter whose differences sum up to least into `out`: the filter's byte,
// then one byte a byte. `above` is the row over it, zeros for the first; `step` the distance to the
// sample on the left. `trial` is as long as `out`.
void filter_adaptively(Bytes row, Bytes above, std::size_t step, std::span<std::byte> out,
                       Buffer& trial);

}  // namespace imgmill::codec_worker
