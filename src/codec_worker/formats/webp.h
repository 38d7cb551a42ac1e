// WebP. A lossy picture is coded anew at the quality, a lossless one near-lossless, and of an
// animation each frame in its own rectangle, so that frames, delays, blending and loop stay what
// they were.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

// From the container and the frame header. kCorruptImage.
[[nodiscard]] Outcome<PictureInfo> inspect_webp(Bytes source);

// A WebP at `quality` (1..100) with the source's ICC profile and orientation and no other metadata.
// kCorruptImage.
[[nodiscard]] Outcome<Buffer> compress_webp(Bytes source, int quality);

// The source's own coded frames with the same metadata as compress_webp()'s. kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_webp(Bytes source);

}  // namespace imgmill::codec_worker
