// Turns and mirrors a picture as its EXIF orientation asks, so that it needs none.
#pragma once

#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// `orientation` is EXIF's 1..8. Throws std::bad_alloc.
[[nodiscard]] Pixmap upright(Pixmap picture, int orientation);

// The same without a second picture in memory.
void send_upright(const Pixmap& picture, int orientation, RowSink& sink);

}  // namespace imgmill::codec_worker
