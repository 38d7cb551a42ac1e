// The path of a picture whose format or size changes (render.cpp takes the other one when neither
// does): decoded, shrunk, turned upright, its colours and alpha as the target can carry them,
// coded. An animation goes through frame by frame if the target has animations; else its first
// frame goes out.
//
// One thread. Bytes are from outside; how many pixels they make was checked.
#pragma once

#include <optional>

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"
#include "codec_worker/formats/sniff.h"
#include "model/recipe.h"

namespace imgmill::codec_worker {

// The largest size of the same proportions that is not larger than `size` and the box; a side of 0
// is no bound.
[[nodiscard]] PixelSize fit_inside(PixelSize size, std::uint32_t max_width,
                                   std::uint32_t max_height);

struct ShapeOrder {
  SourceFormat from = SourceFormat::kJpeg;
  int orientation = 1;  // of the source
  PixelSize size;       // wanted, as shown
  // nullopt: JPEG, or PNG where there is alpha. For sources that no rendition can be.
  std::optional<PictureFormat> format;
  int quality = kQualityDefault;  // or kQualityAuto
};

struct Shaped {
  Buffer bytes;
  PictureFormat format = PictureFormat::kJpeg;
  PixelSize size;
  int quality = kQualityDefault;  // it was coded at
};

// kCorruptImage; kUnsupportedFormat for what the target cannot be.
[[nodiscard]] Outcome<Shaped> shape(Bytes source, const ShapeOrder& order);

}  // namespace imgmill::codec_worker
