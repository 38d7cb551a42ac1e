// AVIF and HEIC to pixels, and pixels to AVIF, for a change of format or size. HEIC is read only:
// its primary picture, which is what viewers show of it.
//
// One thread. Bytes are from outside.
#pragma once

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// Once, before the sandbox closes: what is loaded lazily for HEIC.
void warm_up_heic();

// kCorruptImage.
[[nodiscard]] Outcome<PictureInfo> inspect_heic(Bytes source);

// RGB, or RGBA where there is alpha, 8 bits a sample, upright; returns the ICC profile, also one
// made of the code points that stand for it, empty for sRGB. kCorruptImage.
[[nodiscard]] Outcome<Buffer> decode_heif(Bytes source, PixelSize wanted, RowSink& sink);

// At `quality`, 4:2:0 below 90, alpha exact. No CMYK.
[[nodiscard]] Outcome<Coded> encode_avif(Pixmap picture, Bytes icc, int quality);

}  // namespace imgmill::codec_worker
