// A decoded picture, or the rows of one on their way: what the path for a change of format or size
// works on (shape/shape.h). Samples have 8 bits, channels of a pixel stand together, rows are not
// padded. Alpha is not multiplied in; CMYK is ink, 255 is full.
//
// Values only. Includes nothing of ours but bytes.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker {

enum class PixelModel : std::uint8_t { kGrey, kGreyAlpha, kRgb, kRgba, kCmyk };

[[nodiscard]] constexpr std::size_t channels_of(PixelModel model) {
  switch (model) {
    case PixelModel::kGrey:
      return 1;
    case PixelModel::kGreyAlpha:
      return 2;
    case PixelModel::kRgb:
      return 3;
    case PixelModel::kRgba:
    case PixelModel::kCmyk:
      return 4;
  }
  return 4;
}

[[nodiscard]] constexpr bool has_alpha(PixelModel model) {
  return model == PixelModel::kGreyAlpha || model == PixelModel::kRgba;
}
[[nodiscard]] constexpr bool is_grey(PixelModel model) { return channels_of(model) < 3; }
[[nodiscard]] constexpr PixelModel without_alpha(PixelModel model) {
  if (model == PixelModel::kGreyAlpha) return PixelModel::kGrey;
  return model == PixelModel::kRgba ? PixelModel::kRgb : model;
}

struct PixelSize {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool operator==(const PixelSize&) const = default;
};

struct Pixmap {
  PixelSize size;
  PixelModel model = PixelModel::kRgb;
  std::vector<std::uint8_t> samples;

  Pixmap() = default;
  // Room for all rows. Throws std::bad_alloc.
  Pixmap(PixelSize wanted, PixelModel of)
      : size(wanted), model(of), samples(row_samples() * wanted.height) {}

  [[nodiscard]] std::size_t pixels() const { return std::size_t{size.width} * size.height; }
  [[nodiscard]] std::size_t row_samples() const { return size.width * channels_of(model); }
  [[nodiscard]] std::uint8_t* row(std::size_t y) { return samples.data() + y * row_samples(); }
  [[nodiscard]] const std::uint8_t* row(std::size_t y) const {
    return samples.data() + y * row_samples();
  }
};

// Takes a picture row by row from a decoder, top to bottom.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // Once, before the first row. Of a JPEG the size may be a half, quarter or eighth of the file's.
  virtual void begin(PixelSize size, PixelModel model) = 0;
  virtual void row(const std::uint8_t* samples) = 0;
  // A decoder that has the whole picture anyway gives it away instead of both of the above.
  virtual void take(Pixmap whole) {
    begin(whole.size, whole.model);
    for (std::size_t y = 0; y < whole.size.height; ++y) row(whole.row(y));
  }
};

// Keeps the rows.
class RowCollector final : public RowSink {
 public:
  void begin(PixelSize size, PixelModel model) override {
    picture_ = Pixmap(size, model);
    at_ = 0;
  }
  void row(const std::uint8_t* samples) override {
    std::memcpy(picture_.row(at_++), samples, picture_.row_samples());
  }
  void take(Pixmap whole) override { picture_ = std::move(whole); }
  [[nodiscard]] Pixmap finish() { return std::move(picture_); }

 private:
  Pixmap picture_;
  std::size_t at_ = 0;
};

}  // namespace imgmill::codec_worker
