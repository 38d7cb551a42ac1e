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

enum class PngFilter : std::uint8_t {
  kNone,      // palettes
  kAdaptive,  // a filter for each row, by the smallest sum of differences
};

// The filter byte and the filtered bytes of every row. Throws std::bad_alloc.
[[nodiscard]] Buffer filter_rows(const PngImage& image, PngFilter filter);

// For 8-bit grey and RGB, with and without alpha: like filter_rows(), but a colour may come out up
// to `error_max` away from the source's. How far depends on how much goes on around a pixel, so
// that smooth areas stay exact. Alpha is exact; the colour of invisible pixels is free.
[[nodiscard]] Buffer filter_rows_near(const PngImage& image, int error_max);

// The file. `before_palette` and `behind_palette` are whole chunks.
[[nodiscard]] Buffer write_png(const PngImage& image, Bytes filtered, int level,
                               Bytes before_palette, Bytes behind_palette);

}  // namespace imgmill::codec_worker
