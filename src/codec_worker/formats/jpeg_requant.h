// The requantiser: a JPEG made smaller in its own coefficients, without going to pixels and back.
// marker parse → Huffman decode → requantise → symbols → best Huffman tables → bits.
//
// One thread; nothing is kept between calls. Bytes are from outside; memory is bounded by
// kJpegStoreBytesMax, the rendition (never larger than the source) and some 20 MB.
#pragma once

#include <optional>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/jpeg_requantiser.h"
#include "codec_worker/formats/outcome.h"
#include "model/recipe.h"

namespace imgmill::codec_worker {

// Each scan of a progressive JPEG may go over the whole picture; those of encoders have some ten.
inline constexpr int kJpegScansMax = 300;
// Blocks that all scans together may go over: 60 times those of 100 megapixels in 4:2:0, some three
// seconds.
inline constexpr std::uint64_t kJpegBlockVisitsMax = 150'000'000;
// Coefficients of a picture in several scans, and its source.
inline constexpr std::uint64_t kJpegStoreBytesMax = 370'000'000;

struct JpegRequantOptions {
  int quality = 50;  // 1..100
  JpegRounding rounding = kJpegDeadZone;
  bool halve_full_chroma = true;  // below kFullChromaQuality
};

// Baseline, one scan, with the source's ICC profile, density and orientation and no other metadata.
// Empty when it would not be smaller than the source. nullopt: not for the requantiser, libjpeg may
// know. kCorruptImage: no picture data are there;
// kTooManyPixels: several scans of a picture that is too large to be put together.
[[nodiscard]] Outcome<std::optional<Buffer>> requantise_jpeg(Bytes source,
                                                             const JpegRequantOptions& options);

}  // namespace imgmill::codec_worker
