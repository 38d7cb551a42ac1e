// JPEG: requantised in its own coefficients where that can be done, else decoded and coded anew.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

// From the frame header alone. kCorruptImage; kUnsupportedFormat for lossless and 12-bit JPEG.
[[nodiscard]] Outcome<PictureInfo> inspect_jpeg(Bytes source);

// A baseline JPEG at `quality` (1..100) with optimal Huffman tables, full chroma halved below
// quality 90, in the source's colour model, with its ICC profile, density and orientation and no
// other metadata. Of a source that is cut off or damaged, what can be decoded. kCorruptImage: there
// is nothing that can; kTooManyPixels: a progressive one that needs too much memory.
// May be empty when it would not be smaller than the source.
[[nodiscard]] Outcome<Coded> compress_jpeg(Bytes source, int quality);

// The source's own coded picture with the same metadata as compress_jpeg()'s. kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_jpeg(Bytes source);

}  // namespace imgmill::codec_worker
