#include "codec_worker/shape/alpha.h"

#include <algorithm>

namespace imgmill::codec_worker {
namespace {

bool is_solid(const Pixmap& picture) {
  const std::size_t channels = channels_of(picture.model);
  for (std::size_t i = channels - 1; i < picture.samples.size(); i += channels) {
    if (picture.samples[i] != 255) return false;
  }
  return true;
}

// Drops the last channel; the pixels move together in place.
Pixmap without_last_channel(Pixmap picture) {
  const std::size_t channels = channels_of(picture.model);
  std::uint8_t* to = picture.samples.data();
  const std::uint8_t* from = to;
  for (std::size_t i = picture.pixels(); i > 0; --i) {
    to = std::copy_n(from, channels - 1, to);
    from += channels;
  }
  picture.samples.resize(static_cast<std::size_t>(to - picture.samples.data()));
  picture.model = without_alpha(picture.model);
  return picture;
}

}  // namespace

Pixmap without_idle_alpha(Pixmap picture) {
  if (!has_alpha(picture.model) || !is_solid(picture)) return picture;
  return without_last_channel(std::move(picture));
}

Pixmap on_white(Pixmap picture) {
  if (!has_alpha(picture.model)) return picture;
  const std::size_t channels = channels_of(picture.model);
  std::uint8_t* pixel = picture.samples.data();
  for (std::size_t i = picture.pixels(); i > 0; --i, pixel += channels) {
    const int alpha = pixel[channels - 1];
    for (std::size_t c = 0; c + 1 < channels; ++c) {
      pixel[c] = static_cast<std::uint8_t>((pixel[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  return without_last_channel(std::move(picture));
}

}  // namespace imgmill::codec_worker
