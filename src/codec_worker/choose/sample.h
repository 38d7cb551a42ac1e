// A part of a picture that stands for all of it: small tiles from all over, set side by side. A
// picture that is not larger than the sample is its own.
//
// One thread.
#pragma once

#include <vector>

#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// A multiple of what coders work in, so that their blocks fall as in the whole picture.
inline constexpr std::uint32_t kSampleTileSide = 128;
inline constexpr std::uint32_t kSampleTilesMax = 24;

class Sampler final : public RowSink {
 public:
  void begin(PixelSize size, PixelModel model) override;
  void row(const std::uint8_t* samples) override;

  [[nodiscard]] Pixmap finish() { return std::move(sample_); }

 private:
  // Where tiles begin along one side, and how long each is.
  struct Cuts {
    std::vector<std::uint32_t> begins;
    std::uint32_t length = 0;
  };
  [[nodiscard]] static Cuts cut(std::uint32_t side, std::uint32_t tiles);

  Pixmap sample_;
  Cuts across_;
  Cuts down_;
  std::uint32_t y_ = 0;       // of the picture
  std::size_t tile_row_ = 0;  // the first that does not end above y_
};

[[nodiscard]] Pixmap sample_of(const Pixmap& picture);

}  // namespace imgmill::codec_worker
