#include "codec_worker/shape/upright.h"

#include <algorithm>
#include <cstring>

namespace imgmill::codec_worker {
namespace {

// Copies the pixel at (x, y) of the result from where it stands in the source; `out` is that part
// of the result that begins at row `first`.
template <std::size_t Channels>
void turn(const Pixmap& source, Pixmap& out, int orientation, std::size_t first) {
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
      const std::size_t source_x = swapped ? first + y : x;
      const std::size_t source_y = swapped ? x : first + y;
      const std::uint8_t* pixel = source.row(mirrored_y ? bottom - source_y : source_y) +
                                  (mirrored_x ? right - source_x : source_x) * Channels;
      std::memcpy(target, pixel, Channels);
    }
  }
}

void turn(const Pixmap& source, Pixmap& out, int orientation, std::size_t first) {
  switch (channels_of(source.model)) {
    case 1:
      return turn<1>(source, out, orientation, first);
    case 2:
      return turn<2>(source, out, orientation, first);
    case 3:
      return turn<3>(source, out, orientation, first);
    default:
      return turn<4>(source, out, orientation, first);
  }
}

PixelSize turned(PixelSize size, int orientation) {
  return orientation >= 5 ? PixelSize{size.height, size.width} : size;
}

}  // namespace

Pixmap upright(Pixmap picture, int orientation) {
  if (orientation <= 1) return picture;
  Pixmap out(turned(picture.size, orientation), picture.model);
  turn(picture, out, orientation, 0);
  return out;
}

void send_upright(const Pixmap& picture, int orientation, RowSink& sink) {
  // So many that a column of the source, read across, is worth its cache lines.
  constexpr std::uint32_t kBandRows = 32;
  const PixelSize size = turned(picture.size, orientation);
  sink.begin(size, picture.model);
  for (std::uint32_t y = 0; y < size.height; y += kBandRows) {
    Pixmap band({size.width, std::min(kBandRows, size.height - y)}, picture.model);
    turn(picture, band, orientation, y);
    for (std::size_t i = 0; i < band.size.height; ++i) sink.row(band.row(i));
  }
}

}  // namespace imgmill::codec_worker
