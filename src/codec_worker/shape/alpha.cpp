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

void lay_on_white(const std::uint8_t* pixels, std::size_t count, std::size_t channels,
                  std::uint8_t* out) {
  for (; count > 0; --count, pixels += channels) {
    const int alpha = pixels[channels - 1];
    for (std::size_t c = 0; c + 1 < channels; ++c) {
      *out++ = static_cast<std::uint8_t>((pixels[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
}

Pixmap on_white(Pixmap picture) {
  if (!has_alpha(picture.model)) return picture;
  const std::size_t pixels = picture.pixels();
  std::uint8_t* samples = picture.samples.data();  // each pixel is read before its place is taken
  lay_on_white(samples, pixels, channels_of(picture.model), samples);
  picture.model = without_alpha(picture.model);
  picture.samples.resize(pixels * channels_of(picture.model));
  return picture;
}

}  // namespace imgmill::codec_worker
