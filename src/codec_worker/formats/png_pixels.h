// From a PNG's chunks to its samples: inflate, undo the filters, put the passes of an interlaced
// one together. The rows are whole and packed as in the file (1, 2, 4, 8 or 16 bits a sample).
#pragma once

#include "codec_worker/formats/png_chunks.h"

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

}  // namespace imgmill::codec_worker
