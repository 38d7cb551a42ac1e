// JPEG to pixels and back, for a change of format or size. What stays a JPEG of its size does not
// come here: jpeg.h.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// Grey, RGB or CMYK rows into `sink`; returns the ICC profile, empty for none. When the picture
// will be shrunk to `wanted` (as stored), it comes out at a half, quarter or eighth, but at least
// twice that size, so that what finishes it decides how it looks. kCorruptImage also when data are
// missing.
[[nodiscard]] Outcome<Buffer> decode_jpeg(Bytes source, PixelSize wanted, RowSink& sink);

// Baseline, optimal Huffman tables, 4:2:0 below quality 90. Grey, RGB or CMYK: no alpha.
// kUnsupportedFormat for a side of more than 65,500.
[[nodiscard]] Outcome<Coded> encode_jpeg(Pixmap picture, Bytes icc, int quality);

}  // namespace imgmill::codec_worker
