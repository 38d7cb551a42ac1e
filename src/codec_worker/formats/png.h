// PNG. What is few colours stays exact, as a palette or as it was; what is like a photo is brought
// near by quality (DESIGN 7), its alpha exact. The smallest wins. An animated PNG keeps its own
// data.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// From the chunks in front of the picture data. kCorruptImage.
[[nodiscard]] Outcome<PictureInfo> inspect_png(Bytes source);

// A PNG at `quality` (1..100; 100 is lossless) with the source's colour chunks, density and
// orientation and no other metadata; empty when there is nothing to gain (an animation).
// kCorruptImage.
[[nodiscard]] Outcome<Coded> compress_png(Bytes source, int quality);

// The source's own coded picture with the same metadata as compress_png()'s. kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_png(Bytes source);

// For a change of format or size: rows of 8 bits a sample, in a screen's gamma, into `sink`;
// returns the ICC profile, empty for none. kCorruptImage; kUnsupportedFormat for an animation.
[[nodiscard]] Outcome<Buffer> decode_png(Bytes source, PixelSize wanted, RowSink& sink);

// The rows as decode_png() sends them, of an animation the first frame; returns the colour chunks.
[[nodiscard]] Outcome<Buffer> send_png_rows(Bytes source, bool screen_gamma, RowSink& sink);

[[nodiscard]] bool is_animated_png(Bytes source);

// As compress_png() would write it. No CMYK.
[[nodiscard]] Outcome<Coded> encode_png(Pixmap picture, Bytes icc, int quality);

}  // namespace imgmill::codec_worker
