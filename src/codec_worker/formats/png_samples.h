// The samples of a decoded PNG, whatever their depth and model, as RGBA of 8 bits.
#pragma once

#include <array>
#include <memory>

#include "codec_worker/formats/png_pixels.h"

namespace imgmill::codec_worker {

// In memory: red, green, blue, alpha. All zero when invisible.
[[nodiscard]] inline std::uint32_t pack_rgba(std::uint32_t r, std::uint32_t g, std::uint32_t b,
                                             std::uint32_t a) {
  if (a == 0) return 0;
  const std::array<std::uint8_t, 4> rgba{static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g),
                                         static_cast<std::uint8_t>(b),
                                         static_cast<std::uint8_t>(a)};
  std::uint32_t pixel = 0;
  std::memcpy(&pixel, rgba.data(), sizeof pixel);
  return pixel;
}

[[nodiscard]] inline std::array<std::uint8_t, 4> unpack_rgba(std::uint32_t pixel) {
  std::array<std::uint8_t, 4> rgba{};
  std::memcpy(rgba.data(), &pixel, sizeof pixel);
  return rgba;
}

class PngSamples {
 public:
  // `source` stays. With `screen_gamma` samples of another gamma than a screen's (gAMA) become
  // what a screen needs; else they stay as they are.
  PngSamples(const PngPixels& source, bool screen_gamma);
  ~PngSamples();

  // Row `y`, rounded to 8 bits a sample.
  void read_row(std::size_t y, std::uint32_t* out) const;
  // The same with a row that does not stand in `source`.
  void convert_row(Bytes row, std::uint32_t* out) const;

 private:
  class Converter;
  const PngPixels& source_;
  std::unique_ptr<Converter> converter_;
};

}  // namespace imgmill::codec_worker
