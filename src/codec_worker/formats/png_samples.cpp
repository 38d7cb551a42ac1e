#include "codec_worker/formats/png_samples.h"

#include <cmath>

namespace imgmill::codec_worker {
namespace {

// What becomes of a colour sample of 8 (or 16) bits; empty: nothing.
using ToneTable = std::vector<std::uint8_t>;

constexpr double kScreenGamma = 2.2;
// Most files that say a gamma say that of a screen, rounded.
constexpr double kGammaTolerance = 0.05;

ToneTable tones_of(const PngPixels& source) {
  const double exponent = 1 / (source.gamma * kScreenGamma);
  if (source.gamma <= 0 || std::abs(exponent - 1) < kGammaTolerance) return {};
  ToneTable tones(source.header.depth == 16 ? 65'536 : 256);
  const double last = static_cast<double>(tones.size() - 1);
  for (std::size_t i = 0; i < tones.size(); ++i) {
    const double tone = std::pow(static_cast<double>(i) / last, exponent);
    tones[i] = static_cast<std::uint8_t>(std::lround(255 * tone));
  }
  return tones;
}

// Reads the samples of one row, whatever their depth.
class SampleRow {
 public:
  SampleRow(Bytes row, int depth, const ToneTable& tones)
      : row_(row), depth_(static_cast<std::size_t>(depth)), tones_(tones) {}
  // As it stands in the file: 0 to 2^depth - 1.
  [[nodiscard]] std::uint32_t raw(std::size_t i) const {
    if (depth_ == 8) return std::to_integer<std::uint32_t>(row_[i]);
    if (depth_ == 16) {
      return std::to_integer<std::uint32_t>(row_[2 * i]) << 8 |
             std::to_integer<std::uint32_t>(row_[2 * i + 1]);
    }
    const std::size_t shift = 8 - depth_ - i * depth_ % 8;
    return std::to_integer<std::uint32_t>(row_[i * depth_ / 8]) >> shift & ((1U << depth_) - 1);
  }
  // Of a colour.
  [[nodiscard]] std::uint32_t tone(std::size_t i) const {
    if (tones_.empty()) return as_8_bits(i);
    return tones_[depth_ == 16 ? raw(i) : as_8_bits(i)];
  }
  [[nodiscard]] std::uint32_t as_8_bits(std::size_t i) const {
    const std::uint32_t value = raw(i);
    if (depth_ == 8) return value;
    if (depth_ == 16) return (value * 255 + 32'895) >> 16;
    return value * 255 / ((1U << depth_) - 1);
  }

 private:
  Bytes row_;
  std::size_t depth_;
  const ToneTable& tones_;
};

std::array<std::uint32_t, 256> palette_of(const PngPixels& source, const ToneTable& tones) {
  const auto tone = [&tones](std::uint32_t sample) {
    return tones.empty() ? sample : std::uint32_t{tones[sample]};
  };
  std::array<std::uint32_t, 256> colors{};
  colors.fill(pack_rgba(0, 0, 0,
                        255));  // an index behind the palette's end is an error; readers show black
  ByteReader rgb(source.palette);
  ByteReader alpha(source.trns);
  for (std::size_t i = 0; i < colors.size() && rgb.left() >= 3; ++i) {
    const std::uint32_t r = rgb.u8();
    const std::uint32_t g = rgb.u8();
    const std::uint32_t b = rgb.u8();
    colors[i] = pack_rgba(tone(r), tone(g), tone(b), alpha.left() > 0 ? alpha.u8() : 255);
  }
  return colors;
}

// The one colour of tRNS that is transparent in a grey or RGB picture without alpha.
struct ColorKey {
  explicit ColorKey(const PngPixels& source) {
    ByteReader reader(source.trns);
    const int channels = source.header.channels();
    for (int i = 0; i < channels; ++i) samples[static_cast<std::size_t>(i)] = reader.be16();
    present = !source.trns.empty() && reader.ok();
  }
  bool present = false;
  std::array<std::uint32_t, 4> samples{};
};

// What most files are, without a question a pixel.
template <std::size_t Channels>
void pack_row(Bytes row, std::size_t width, std::uint32_t* out) {
  const auto at = [row](std::size_t i) { return std::to_integer<std::uint32_t>(row[i]); };
  for (std::size_t x = 0; x < width; ++x) {
    const std::size_t i = x * Channels;
    out[x] = pack_rgba(at(i), at(i + 1), at(i + 2), Channels == 4 ? at(i + Channels - 1) : 255);
  }
}

}  // namespace

class PngSamples::Converter {
 public:
  Converter(const PngPixels& source, bool screen_gamma)
      : depth_(source.header.depth),
        color_(source.header.color),
        tones_(screen_gamma ? tones_of(source) : ToneTable{}),
        palette_(palette_of(source, tones_)),
        key_(source) {}

  void convert(Bytes bytes, std::size_t width, std::uint32_t* out) const {
    const bool as_stored = depth_ == 8 && tones_.empty() && !key_.present;
    if (as_stored && color_ == PngColor::kRgb) return pack_row<3>(bytes, width, out);
    if (as_stored && color_ == PngColor::kRgba) return pack_row<4>(bytes, width, out);
    const SampleRow row(bytes, depth_, tones_);
    for (std::size_t x = 0; x < width; ++x) out[x] = pixel(row, x);
  }

 private:
  [[nodiscard]] std::uint32_t pixel(const SampleRow& row, std::size_t x) const {
    switch (color_) {
      case PngColor::kPalette:
        return palette_[row.raw(x)];
      case PngColor::kGrey: {
        const std::uint32_t grey = row.tone(x);
        return pack_rgba(grey, grey, grey, key_.present && row.raw(x) == key_.samples[0] ? 0 : 255);
      }
      case PngColor::kGreyAlpha: {
        const std::uint32_t grey = row.tone(2 * x);
        return pack_rgba(grey, grey, grey, row.as_8_bits(2 * x + 1));
      }
      case PngColor::kRgb: {
        const bool hidden = key_.present && row.raw(3 * x) == key_.samples[0] &&
                            row.raw(3 * x + 1) == key_.samples[1] &&
                            row.raw(3 * x + 2) == key_.samples[2];
        return pack_rgba(row.tone(3 * x), row.tone(3 * x + 1), row.tone(3 * x + 2),
                         hidden ? 0 : 255);
      }
      case PngColor::kRgba:
        return pack_rgba(row.tone(4 * x), row.tone(4 * x + 1), row.tone(4 * x + 2),
                         row.as_8_bits(4 * x + 3));
    }
    return 0;
  }

  int depth_;
  PngColor color_;
  ToneTable tones_;
  std::array<std::uint32_t, 256> palette_;
  ColorKey key_;
};

PngSamples::PngSamples(const PngPixels& source, bool screen_gamma)
    : source_(source), converter_(std::make_unique<Converter>(source, screen_gamma)) {}

PngSamples::~PngSamples() = default;

void PngSamples::read_row(std::size_t y, std::uint32_t* out) const {
  const auto row_bytes = static_cast<std::size_t>(source_.header.row_bytes(source_.header.width));
  convert_row(Bytes(source_.rows).subspan(y * row_bytes, row_bytes), out);
}

void PngSamples::convert_row(Bytes row, std::uint32_t* out) const {
  converter_->convert(row, source_.header.width, out);
}

}  // namespace imgmill::codec_worker
