#include "codec_worker/shape/upright.h"

#include <algorithm>
#include <cstring>

namespace imgmill::codec_worker {
namespace {

// Copies the pixel at (x, y) of the result from where it stands in the source.
template <std::size_t Channels>
void turn(const Pixmap& source, Pixmap& out, int orientation) {
  const std::size_t right = source.size.width - 1;
  const std::size_t bottom = source.size.height - 1;
  const bool mirrored_x =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirrored_y =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool swapped = orientation >= 5;
  for (std::size_t y = 0; y < out.size.height; ++y) {
    std::uint8_t* target = out.row(y);
    for (std::size_t x = 0; x < out.size.width; ++x, target += Channels) {
      const std::size_t source_x = swapped ? y : x;
      const std::size_t source_y = swapped ? x : y;
      const std::uint8_t* pixel = source.row(mirrored_y ? bottom - source_y : source_y) +
                                  (mirrored_x ? right - source_x : source_x) * Channels;
      std::memcpy(target, pixel, Channels);
    }
  }
}

}  // namespace

Pixmap upright(Pixmap picture, int orientation) {
  if (orientation <= 1) return picture;
  PixelSize size = picture.size;
  if (orientation >= 5) std::swap(size.width, size.height);
  Pixmap out(size, picture.model);
  switch (channels_of(picture.model)) {
    case 1:
      turn<1>(picture, out, orientation);
      break;
    case 2:
      turn<2>(picture, out, orientation);
      break;
    case 3:
      turn<3>(picture, out, orientation);
      break;
    default:
      turn<4>(picture, out, orientation);
      break;
  }
  return out;
}

}  // namespace imgmill::codec_worker
