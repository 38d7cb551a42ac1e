// quality=auto: the lowest quality at which a picture still looks like its source, told from a
// sample of it by the number of likeness.h.
//
// One thread. Bytes are from outside; how many pixels they make was checked.
#pragma once

#include <functional>

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// "High quality", in the words of SSIMULACRA2's authors: hardly anybody sees a difference who does
// not look for one.
inline constexpr double kLikenessWanted = 70;
// Below the lowest, what the number does not see (bands in a sky) may show; above the highest,
// files grow and nothing is gained.
inline constexpr int kAutoQualityLowest = 20;
inline constexpr int kAutoQualityHighest = 95;

// For a source that keeps format and size. kQualityDefault where there is nothing to choose: GIF
// and TIFF, a PNG that stays lossless, a lossless WebP, animations, and what cannot be decoded.
[[nodiscard]] int auto_quality(Bytes source, PictureFormat format);

// For a picture that is to be coded.
[[nodiscard]] int auto_quality(const Pixmap& picture, PictureFormat format);

// The search alone: the lowest quality with the wanted likeness, or the lowest found in so many
// tries; the highest where none has it.
using LikenessAt = std::function<Outcome<double>(int quality)>;
[[nodiscard]] Outcome<int> lowest_alike(const LikenessAt& likeness, int tries_max);

}  // namespace imgmill::codec_worker
