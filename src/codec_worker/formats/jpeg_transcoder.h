// A JPEG decoded to pixels and coded anew by libjpeg-turbo, row by row: for what the requantiser
// does not take.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

// A baseline JPEG at `quality` (1..100), 4:2:0 below kFullChromaQuality, in the source's colour
// model, with its ICC profile, density and orientation and no other metadata. What is missing or
// damaged looks as libjpeg makes it look. Empty when it could not be smaller than the source: then
// next to nothing is decoded. kCorruptImage: no picture data, or libjpeg gives up; kTooManyPixels:
// several scans of a picture that is too large to be put together.
[[nodiscard]] Outcome<Buffer> transcode_jpeg(Bytes source, int quality);

}  // namespace imgmill::codec_worker
