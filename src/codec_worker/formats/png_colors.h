// The colours of a decoded PNG: the picture as RGBA, how many colours it has, and palettes, exact
// and near.
#pragma once

#include <optional>

#include "codec_worker/formats/png_pixels.h"
#include "codec_worker/formats/png_writer.h"

namespace imgmill::codec_worker {

// 8 bits a sample, red first. Invisible pixels are all zero.
struct RgbaPicture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint32_t> pixels;  // in memory: red, green, blue, alpha
};

// Takes the rows out of `source`. 16-bit samples are rounded to 8.
[[nodiscard]] RgbaPicture to_rgba(PngPixels& source);

struct ColorCensus {
  bool opaque = true;
  bool grey = true;
  std::vector<std::uint32_t> colors;  // sorted, transparent ones first; empty when more than 256
  double flat_share = 0;              // of the pixels: equal to the eight on their left
};

[[nodiscard]] ColorCensus census_of(const RgbaPicture& picture);

// The picture as it is, by at most 256 colours. `colors` of its census are not empty.
[[nodiscard]] PngImage exact_palette(const RgbaPicture& picture, const ColorCensus& census);

// `indices` hold one byte a pixel; `colors` are at most 256, those with alpha in front.
[[nodiscard]] PngImage palette_image(std::uint32_t width, std::uint32_t height, Bytes indices,
                                     std::span<const std::uint32_t> colors);

// The picture by at most 256 colours chosen and dithered; nullopt when that would be visibly worse
// than `quality` asks, or would show what was hidden or hide what was shown.
[[nodiscard]] std::optional<PngImage> near_palette(const RgbaPicture& picture, int quality);

struct ChosenColors {
  Buffer indices;  // one byte a pixel
  std::vector<std::uint32_t> colors;
};

// At most `colors_max` colours chosen for the picture, by libimagequant; nullopt when they would be
// worse than `quality_min` on its scale of 0..100. `dithering`: 0 none, 1 full.
[[nodiscard]] std::optional<ChosenColors> choose_colors(const RgbaPicture& picture, int colors_max,
                                                        int quality_min, int quality_max,
                                                        float dithering);

// Once, before the sandbox closes: makes libimagequant work in this one thread only.
void warm_up_quantiser();

// The picture as it is in 8-bit grey or RGB, with alpha only where there is some.
[[nodiscard]] PngImage direct_samples(const RgbaPicture& picture, bool grey, bool opaque);

}  // namespace imgmill::codec_worker
