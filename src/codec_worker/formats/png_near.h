// Near-lossless PNG, the idea of JPEG-LS (ITU-T T.87, "near") with PNG's own filters: a sample is
// stored as a difference to the guess from the samples that a reader will have, and that difference
// is rounded to a multiple of a step. A reader need not know.
//
// How large the step is depends on how much goes on around: where errors would be seen as grain,
// streaks or bands it is 1, which is exact. One thread; nothing is kept between calls.
#pragma once

#include "codec_worker/formats/png_writer.h"

namespace imgmill::codec_worker {

// The largest error of a colour sample at `quality`, in levels of 255; 0 where PNG stays lossless.
[[nodiscard]] int png_error_max(int quality);

// The filter byte and the filtered bytes of every row of a picture of 8 bits a sample, grey or RGB,
// with or without alpha. Alpha is exact; the colour of invisible pixels is free. `quality` is one
// whose png_error_max() is not 0. Throws std::bad_alloc.
[[nodiscard]] Buffer filter_rows_near(const PngImage& image, int quality);

}  // namespace imgmill::codec_worker
