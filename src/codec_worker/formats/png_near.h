// Near-lossless PNG, the idea of JPEG-LS (ITU-T T.87, "near") with PNG's own filters: a sample is
// stored as a difference to the guess from the samples that a reader will have, and that difference
// is rounded to a multiple of a step. A reader need not know.
//
// How large the step is depends on how much goes on around: where errors would be seen as grain,
// streaks or bands it is 1, which is exact. One thread; nothing is kept between calls.
#pragma once

#include <memory>

#include "codec_worker/formats/png_writer.h"

namespace imgmill::codec_worker {

// The largest error of a colour sample at `quality`, in levels of 255; 0 where PNG stays lossless.
[[nodiscard]] int png_error_max(int quality);

// Filters the rows of a picture, one after another: 8 bits a sample, grey or RGB, with or without
// alpha. Alpha is exact; the colour of invisible pixels is free.
class NearFilter {
 public:
  // `quality` is one whose png_error_max() is not 0. Throws std::bad_alloc, as add() and finish().
  NearFilter(const PngHeader& header, int quality);
  NearFilter(const NearFilter&) = delete;
  NearFilter& operator=(const NearFilter&) = delete;
  ~NearFilter();

  // Appends to `out` the filter's byte and the filtered bytes of the rows that are decided by now:
  // a row waits for up to eight behind it.
  void add(Bytes row, Buffer& out);
  // Appends the rest.
  void finish(Buffer& out);

 private:
  class Activity;
  class Rounding;
  void filter_tiles(Buffer& out);
  void filter_row(Bytes row, std::span<const std::uint8_t> levels, std::span<std::byte> out);

  std::size_t channels_;
  std::unique_ptr<Activity> activity_;
  std::unique_ptr<const Rounding> rounding_;
  Buffer waiting_;  // whole rows
  Buffer above_;    // as a reader will see them
  Buffer here_;
  Buffer trial_;
};

// All rows of a picture at once.
[[nodiscard]] Buffer filter_rows_near(const PngImage& image, int quality);

}  // namespace imgmill::codec_worker
