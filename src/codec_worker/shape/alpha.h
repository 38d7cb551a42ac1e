// Alpha that a target cannot carry, or that says nothing.
#pragma once

#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// Without the alpha channel when every pixel is solid.
[[nodiscard]] Pixmap without_idle_alpha(Pixmap picture);

// As it looks on white paper.
[[nodiscard]] Pixmap on_white(Pixmap picture);

}  // namespace imgmill::codec_worker
