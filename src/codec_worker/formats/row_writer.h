// A picture coded row by row as it comes from its decoder, without standing in memory whole: the
// way of large pictures (shape/shape.h). A fault of a row is told at the end.
#pragma once

#include <memory>

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// From so many pixels on a rendition is coded row by row where its format can be. Below, the whole
// picture is looked at, for the smallest of several ways.
inline constexpr std::uint64_t kRowWisePixels = 16'000'000;
// Whether so many are. In a file of its own: a fuzz target has another answer, so that small
// pictures go the way of large ones.
[[nodiscard]] bool is_row_wise(std::uint64_t pixels);

class RowWriter : public RowSink {
 public:
  // Behind the last row. `icc` is of the rows' model, or empty.
  [[nodiscard]] virtual Outcome<Coded> finish(Bytes icc) = 0;
};

// JPEG takes all models, alpha left out; WebP and PNG all but ink.
[[nodiscard]] std::unique_ptr<RowWriter> write_jpeg_rows(int quality);
[[nodiscard]] std::unique_ptr<RowWriter> write_png_rows(int quality);
[[nodiscard]] std::unique_ptr<RowWriter> write_webp_rows(int quality);

}  // namespace imgmill::codec_worker
