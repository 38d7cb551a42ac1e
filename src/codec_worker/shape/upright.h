// Turns and mirrors a picture as its EXIF orientation asks, so that it needs none.
#pragma once

#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// `orientation` is EXIF's 1..8. Throws std::bad_alloc.
[[nodiscard]] Pixmap upright(Pixmap picture, int orientation);

}  // namespace imgmill::codec_worker
