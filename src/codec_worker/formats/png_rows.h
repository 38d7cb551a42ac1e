// A large PNG written row by row: filtered, packed by zlib, cut into IDAT chunks. The samples stay
// exact, or come near by quality as in filter_rows_near(); no second way competes.
//
// One thread.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "codec_worker/formats/png_writer.h"
#include "codec_worker/formats/row_writer.h"

namespace imgmill::codec_worker {

// Packs the rows of a PNG as they come, each with its filter byte in front.
class PngPacker {
 public:
  // Throws std::bad_alloc.
  PngPacker();
  PngPacker(const PngPacker&) = delete;
  PngPacker& operator=(const PngPacker&) = delete;
  ~PngPacker();

  void add(Bytes filtered);
  // The file; nothing is left here. Arguments as in write_png(); of `image` no rows.
  [[nodiscard]] Buffer finish(const PngImage& image, Bytes before_palette, Bytes behind_palette);

 private:
  struct Stream;
  void deflate_pending(int flush);

  std::unique_ptr<Stream> stream_;
  std::vector<Buffer> pieces_;  // the last one has room
};

// How far a colour may move in busy areas: 5 levels at quality 50, none from 95 on.
[[nodiscard]] constexpr int png_error_max(int quality) { return std::max(0, (100 - quality) / 10); }

// Filters rows so that they come near (8-bit grey and RGB, with or without alpha).
class NearFilter {
 public:
  NearFilter(std::size_t row_bytes, std::size_t step, int error_max);

  // Rows go in and come out one later: nullopt for the first, and with none in for the last.
  [[nodiscard]] std::optional<Bytes> next(std::optional<Bytes> row);

 private:
  void filter();
  [[nodiscard]] int activity(std::size_t i) const;
  [[nodiscard]] int near_sample(std::size_t i, int predicted) const;

  std::size_t step_;
  int error_max_;
  bool has_alpha_;
  std::array<Buffer, 3> rows_;  // before, now, behind; empty where there is none
  Buffer above_;                // as a reader will see them
  Buffer here_;
  Buffer filtered_;
};

// compress_png() of a picture whose samples would need too much memory (is_large_png()).
[[nodiscard]] Outcome<Coded> compress_large_png(Bytes source, int quality);

}  // namespace imgmill::codec_worker
