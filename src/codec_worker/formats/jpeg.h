// JPEG. The pixels go through libjpeg-turbo row by row; a requantiser in the DCT domain may later
// stand in front of compress_jpeg() for what it can do.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

// From the frame header alone. kCorruptImage; kUnsupportedFormat for lossless and 12-bit JPEG.
[[nodiscard]] Outcome<PictureInfo> inspect_jpeg(Bytes source);

// A baseline JPEG at `quality` (1..100) with optimal Huffman tables, 4:2:0 below 90, in the
// source's colour model, with its ICC profile, density and orientation and no other metadata.
// kCorruptImage also when data are missing.
[[nodiscard]] Outcome<Buffer> compress_jpeg(Bytes source, int quality);

// The source's own coded picture with the same metadata as compress_jpeg()'s. kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_jpeg(Bytes source);

}  // namespace imgmill::codec_worker
