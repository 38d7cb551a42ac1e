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

// Filters the rows of a picture, one after another and without loss: each by the filter whose
// differences sum up to least, indices of a palette and samples of less than a byte by none.
class ExactFilter {
 public:
  // Throws std::bad_alloc.
  explicit ExactFilter(const PngHeader& header);

  // The filter's byte and the filtered bytes; valid until the next call.
  [[nodiscard]] Bytes next(Bytes row);

 private:
  bool none_;
  std::size_t step_;  // to the sample on the left
  Buffer above_;
  Buffer best_;
  Buffer trial_;
};

// What ExactFilter does to one row: writes the filter's byte and one byte a byte of `row` into
// `out`. `above` is the row over it, zeros for the first; `trial` is as long as `out`.
void filter_adaptively(Bytes row, Bytes above, std::size_t step, std::span<std::byte> out,
                       Buffer& trial);

}  // namespace imgmill::codec_worker
