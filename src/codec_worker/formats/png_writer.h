// From samples to a PNG: filters, libdeflate, chunks.
#pragma once

#include "codec_worker/formats/png_chunks.h"

namespace imgmill::codec_worker {

// What stands between IHDR and IDAT, and the samples in rows of header.row_bytes(width).
struct PngImage {
  PngHeader header;  // not interlaced
  Buffer rows;
  Buffer palette;
  Buffer trns;
};

// The filter byte and the filtered bytes of every row, by ExactFilter. Throws std::bad_alloc.
[[nodiscard]] Buffer filter_rows(const PngImage& image);

// What stands in front of the packed rows. `before_palette` and `behind_palette` are whole chunks.
void append_png_front(Buffer& out, const PngImage& image, Bytes before_palette,
                      Bytes behind_palette);

// The file.
[[nodiscard]] Buffer write_png(const PngImage& image, Bytes filtered, int level,
                               Bytes before_palette, Bytes behind_palette);

}  // namespace imgmill::codec_worker
