// TIFF. Every page stays as it is, sample by sample: strips and tiles are packed anew with deflate
// where that is smaller, and everything but what a reader needs to show them is left out.
//
// One thread. Bytes are from outside.
#pragma once

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// Once, before the sandbox closes: libtiff is not to write on stderr.
void warm_up_tiff();

// Size and orientation of the first page, pixels of all. kCorruptImage; kUnsupportedFormat for
// BigTIFF and for the JPEG of TIFF 6.0 that was withdrawn.
[[nodiscard]] Outcome<PictureInfo> inspect_tiff(Bytes source);

// `quality` changes nothing: a TIFF is lossless. kCorruptImage when a strip or tile cannot be
// decoded.
[[nodiscard]] Outcome<Buffer> compress_tiff(Bytes source, int quality);

// The source's own strips and tiles without other metadata. kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_tiff(Bytes source);

// For a change of format or size: the first page, grey, RGB or RGBA, 8 bits a sample; returns the
// ICC profile, empty for none. kCorruptImage; kUnsupportedFormat for kinds of samples that libtiff
// makes no picture of (floating point).
[[nodiscard]] Outcome<Buffer> decode_tiff(Bytes source, PixelSize wanted, RowSink& sink);

// Deflate with predictor; `quality` changes nothing. No CMYK.
[[nodiscard]] Outcome<Coded> encode_tiff(Pixmap picture, Bytes icc, int quality);

}  // namespace imgmill::codec_worker
