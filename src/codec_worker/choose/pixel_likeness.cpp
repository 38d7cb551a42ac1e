#include "codec_worker/choose/pixel_likeness.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "codec_worker/formats/jpeg_block.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kSide = 8;
using Square = std::array<float, kBlockCoefficients>;

// One component, in samples of 0..255.
struct Plane {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<float> samples;

  Plane(std::size_t across, std::size_t down)
      : width(across), height(down), samples(across * down) {}
};

struct Planes {
  Plane luma;
  Plane blue;  // chroma, halved
  Plane red;
};

struct Light {
  float red, green, blue;
};

Light light_of(const std::uint8_t* pixel, PixelModel model) {
  const auto at = [=](std::size_t channel) { return static_cast<float>(pixel[channel]); };
  const auto on_white = [](float sample, float alpha) {
    return 255 + (sample - 255) * (alpha / 255);
  };
  switch (model) {
    case PixelModel::kGrey:
      return {at(0), at(0), at(0)};
    case PixelModel::kGreyAlpha: {
      const float grey = on_white(at(0), at(1));
      return {grey, grey, grey};
    }
    case PixelModel::kRgb:
      break;
    case PixelModel::kRgba:
      return {on_white(at(0), at(3)), on_white(at(1), at(3)), on_white(at(2), at(3))};
    case PixelModel::kCmyk: {  // as if inks were ideal: both pictures are seen so
      const float left = (255 - at(3)) / 255;
      return {(255 - at(0)) * left, (255 - at(1)) * left, (255 - at(2)) * left};
    }
  }
  return {at(0), at(1), at(2)};
}

// JFIF's luma and colour differences; the average of 2 × 2 of these.
Planes planes_of(const Pixmap& picture) {
  const std::size_t width = picture.size.width;
  const std::size_t height = picture.size.height;
  const std::size_t channels = channels_of(picture.model);
  Planes out{{width, height}, {width / 2, height / 2}, {width / 2, height / 2}};
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* pixel = picture.row(y);
    for (std::size_t x = 0; x < width; ++x, pixel += channels) {
      const Light light = light_of(pixel, picture.model);
      const float luma = 0.299F * light.red + 0.587F * light.green + 0.114F * light.blue;
      out.luma.samples[y * width + x] = luma;
      if (x / 2 >= out.blue.width || y / 2 >= out.blue.height) continue;
      const std::size_t half = y / 2 * out.blue.width + x / 2;
      out.blue.samples[half] += (light.blue - luma) * (0.25F / 1.772F);
      out.red.samples[half] += (light.red - luma) * (0.25F / 1.402F);
    }
  }
  return out;
}

const Square& cosines() {
  static const Square kept = [] {
    Square out{};
    for (std::size_t u = 0; u < kSide; ++u) {
      for (std::size_t x = 0; x < kSide; ++x) {
        const double angle = static_cast<double>((2 * x + 1) * u) * std::numbers::pi / 16;
        out[u * kSide + x] =
            static_cast<float>((u == 0 ? std::sqrt(0.125) : 0.5) * std::cos(angle));
      }
    }
    return out;
  }();
  return kept;
}

// Rows of `from` by rows of the cosines: one half of the transform, and it turns the square.
Square half_transformed(const Square& from) {
  const Square& cosine = cosines();
  Square out{};
  for (std::size_t u = 0; u < kSide; ++u) {
    for (std::size_t x = 0; x < kSide; ++x) {
      const float factor = cosine[u * kSide + x];
      for (std::size_t y = 0; y < kSide; ++y) out[u * kSide + y] += factor * from[x * kSide + y];
    }
  }
  Square turned{};
  for (std::size_t i = 0; i < out.size(); ++i) turned[i % kSide * kSide + i / kSide] = out[i];
  return turned;
}

BlockCoefficients transformed(const Plane& plane, std::size_t left, std::size_t top) {
  Square square{};
  for (std::size_t y = 0; y < kSide; ++y) {
    std::copy_n(&plane.samples[(top + y) * plane.width + left], kSide, &square[y * kSide]);
  }
  square = half_transformed(half_transformed(square));
  BlockCoefficients out{};
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = square[kJpegZigzag[k]];
  return out;
}

template <class Take>
void each_block(const Plane& plane, BlockPlane kind, const Take& take) {
  for (std::size_t y = 0; y + kSide <= plane.height; y += kSide) {
    for (std::size_t x = 0; x + kSide <= plane.width; x += kSide) {
      take(kind, transformed(plane, x, y));
    }
  }
}

template <class Take>
void each_block(const Pixmap& picture, const Take& take) {
  const Planes planes = planes_of(picture);
  each_block(planes.luma, BlockPlane::kLuma, take);
  if (is_grey(picture.model)) return;
  each_block(planes.blue, BlockPlane::kChroma, take);
  each_block(planes.red, BlockPlane::kChroma, take);
}

}  // namespace

PixelLikeness::PixelLikeness(const Pixmap& source) {
  each_block(source, [this](BlockPlane plane, const BlockCoefficients& block) {
    blocks_.add(plane, block);
  });
}

double PixelLikeness::of(const Pixmap& other) const {
  std::vector<BlockCoefficients> blocks;
  blocks.reserve(blocks_.size());
  each_block(other, [&](BlockPlane, const BlockCoefficients& block) { blocks.push_back(block); });
  // A grey rendition of a picture with colours has none of their blocks, and the reverse.
  blocks.resize(blocks_.size());
  return blocks_.likeness(kCodedLoss,
                          [&](std::size_t i) -> const BlockCoefficients& { return blocks[i]; });
}

}  // namespace imgmill::codec_worker
