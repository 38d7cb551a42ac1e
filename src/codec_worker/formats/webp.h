// WebP. A lossy picture is coded anew at the quality, a lossless one near-lossless, and of an
// animation each frame in its own rectangle, so that frames, delays, blending and loop stay what
// they were.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/animation.h"

namespace imgmill::codec_worker {

// Packing alpha costs some 25 bytes a pixel of memory and most of the time; a lossy picture of more
// pixels keeps its packed alpha as it is.
inline constexpr std::uint64_t kWebpAlphaAnewPixels = 4'000'000;

// From the container and the frame header. kCorruptImage.
[[nodiscard]] Outcome<PictureInfo> inspect_webp(Bytes source);

// A WebP at `quality` (1..100) with the source's ICC profile and orientation and no other metadata.
// kCorruptImage.
[[nodiscard]] Outcome<Buffer> compress_webp(Bytes source, int quality);

// The source's own coded frames with the same metadata as compress_webp()'s. kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_webp(Bytes source);

// For a change of format or size: RGB, or RGBA where there is alpha, of an animation its first
// frame; returns the ICC profile, empty for none. kCorruptImage.
[[nodiscard]] Outcome<Buffer> decode_webp(Bytes source, PixelSize wanted, RowSink& sink);

// Lossy at `quality`, or lossless where that is smaller because there are few colours. `icc` is of
// an RGB picture, or empty. No CMYK. kUnsupportedFormat for a side of more than 16,383.
[[nodiscard]] Outcome<Coded> encode_webp(Pixmap picture, Bytes icc, int quality);

// Whether the source has frames; then each, composed.
[[nodiscard]] bool is_animated_webp(Bytes source);
[[nodiscard]] NewAnimationReader read_webp_animation(Bytes source);
[[nodiscard]] Outcome<std::unique_ptr<AnimationWriter>> write_webp_animation(PixelSize size,
                                                                             int plays, Buffer icc,
                                                                             int quality);

}  // namespace imgmill::codec_worker
