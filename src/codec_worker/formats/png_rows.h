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

// compress_png() of a picture whose samples would need too much memory (is_large_png()).
[[nodiscard]] Outcome<Coded> compress_large_png(Bytes source, int quality);

}  // namespace imgmill::codec_worker
