// From a PNG's chunks to its samples: inflate, undo the filters, put the passes of an interlaced
// one together. The rows are packed as in the file (1, 2, 4, 8 or 16 bits a sample): all of them
// together, or one by one for a picture that would need too much memory.
#pragma once

#include "codec_worker/formats/png_inflater.h"

namespace imgmill::codec_worker {

struct PngPixels {
  PngHeader header;
  Buffer rows;           // header.row_bytes(width) each, without filter bytes
  Bytes palette;         // of the source: RGB triples, only those that stand there
  Bytes trns;            // of the source: alpha of palette entries, or the one transparent colour
  Bytes exif;            // of the source
  Buffer colour_chunks;  // whole chunks to be taken over, in order
  double gamma = 0;      // of gAMA; 0 when there is none, or sRGB, iCCP or cICP say more
  bool linear_light = false;  // gAMA says that samples are near linear, so 8 bits would show bands
};

// kCorruptImage when anything is missing or damaged. Throws std::bad_alloc.
[[nodiscard]] Outcome<PngPixels> read_png(Bytes source);

// The picture data when nothing is packed, filter bytes included.
[[nodiscard]] std::uint64_t png_raw_bytes(const PngHeader& header);

// Whether they are to be read row by row.
[[nodiscard]] bool is_large_png(const PngHeader& header);

// Of a picture that is not interlaced. `source` stays.
class PngRows {
 public:
  [[nodiscard]] static Outcome<PngRows> open(Bytes source);

  // Without rows.
  [[nodiscard]] const PngPixels& about() const { return about_; }
  [[nodiscard]] const PngHeader& header() const { return about_.header; }
  // At most as often as there are rows; stays until the next call. kCorruptImage.
  [[nodiscard]] Outcome<Bytes> next();

 private:
  PngPixels about_;
  std::unique_ptr<PngInflater> inflater_;
  Buffer here_;  // with the filter byte in front
  Buffer above_;
  std::uint32_t rows_read_ = 0;
};

}  // namespace imgmill::codec_worker
