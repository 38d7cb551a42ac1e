// Alpha that a target cannot carry, or that says nothing.
#pragma once

#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// Without the alpha channel when every pixel is solid.
[[nodiscard]] Pixmap without_idle_alpha(Pixmap picture);

// As it looks on white paper.
[[nodiscard]] Pixmap on_white(Pixmap picture);
// The same with `count` pixels of `channels` samples, the last of them alpha. `out` may be where
// they stand.
void lay_on_white(const std::uint8_t* pixels, std::size_t count, std::size_t channels,
                  std::uint8_t* out);

}  // namespace imgmill::codec_worker
