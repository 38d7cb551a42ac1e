#include "codec_worker/choose/sample.h"

#include <algorithm>
#include <cstring>

namespace imgmill::codec_worker {
namespace {

// Blocks of a source that was a JPEG, with its chroma halved, stand at multiples of this.
constexpr std::uint32_t kGrid = 16;
constexpr std::uint32_t kTilesAcross = 6;
constexpr std::uint64_t kPixelsMax =
    std::uint64_t{kSampleTilesMax} * kSampleTileSide * kSampleTileSide;

}  // namespace

Sampler::Cuts Sampler::cut(std::uint32_t side, std::uint32_t tiles) {
  if (side <= tiles * kSampleTileSide) return {.begins = {0}, .length = side};
  Cuts cuts{.begins = {}, .length = kSampleTileSide};
  for (std::uint32_t i = 0; i < tiles; ++i) {
    // In the middle of its share of the side; shares are as long as a tile at least.
    const std::uint64_t begin = (std::uint64_t{side} * (2 * i + 1) / tiles - kSampleTileSide) / 2;
    cuts.begins.push_back(static_cast<std::uint32_t>(begin) / kGrid * kGrid);
  }
  return cuts;
}

void Sampler::begin(PixelSize size, PixelModel model) {
  y_ = 0;
  tile_row_ = 0;
  if (std::uint64_t{size.width} * size.height <= kPixelsMax) {
    across_ = {.begins = {0}, .length = size.width};
    down_ = {.begins = {0}, .length = size.height};
  } else {
    const std::uint32_t columns = std::clamp(size.width / kSampleTileSide, 1U, kTilesAcross);
    across_ = cut(size.width, columns);
    down_ = cut(size.height, kSampleTilesMax / columns);
  }
  const auto along = [](const Cuts& cuts) {
    return static_cast<std::uint32_t>(cuts.begins.size()) * cuts.length;
  };
  sample_ = Pixmap({along(across_), along(down_)}, model);
}

void Sampler::row(const std::uint8_t* samples) {
  const std::uint32_t y = y_++;
  if (tile_row_ == down_.begins.size() || y < down_.begins[tile_row_]) return;
  const std::size_t inside = y - down_.begins[tile_row_];
  const std::size_t channels = channels_of(sample_.model);
  const std::size_t bytes = across_.length * channels;
  std::uint8_t* out = sample_.row(tile_row_ * down_.length + inside);
  for (const std::uint32_t x : across_.begins) {
    std::memcpy(out, samples + x * channels, bytes);
    out += bytes;
  }
  if (inside + 1 == down_.length) ++tile_row_;
}

Pixmap sample_of(const Pixmap& picture) {
  Sampler sampler;
  sampler.begin(picture.size, picture.model);
  for (std::size_t y = 0; y < picture.size.height; ++y) sampler.row(picture.row(y));
  return sampler.finish();
}

}  // namespace imgmill::codec_worker
