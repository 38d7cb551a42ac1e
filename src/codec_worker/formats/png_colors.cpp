#include "codec_worker/formats/png_colors.h"

#include <array>
#include <cstdlib>

namespace imgmill::codec_worker {
namespace {

std::uint32_t pack(std::uint32_t r, std::uint32_t g, std::uint32_t b, std::uint32_t a) {
  if (a == 0) return 0;
  const std::array<std::uint8_t, 4> rgba{static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g),
                                         static_cast<std::uint8_t>(b),
                                         static_cast<std::uint8_t>(a)};
  std::uint32_t pixel = 0;
  std::memcpy(&pixel, rgba.data(), sizeof pixel);
  return pixel;
}

std::array<std::uint8_t, 4> unpack(std::uint32_t pixel) {
  std::array<std::uint8_t, 4> rgba{};
  std::memcpy(rgba.data(), &pixel, sizeof pixel);
  return rgba;
}

// Reads the samples of one row, whatever their depth.
class SampleRow {
 public:
  SampleRow(Bytes row, int depth) : row_(row), depth_(static_cast<std::size_t>(depth)) {}
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
  [[nodiscard]] std::uint32_t as_8_bits(std::size_t i) const {
    const std::uint32_t value = raw(i);
    if (depth_ == 8) return value;
    if (depth_ == 16) return (value * 255 + 32'895) >> 16;
    return value * 255 / ((1U << depth_) - 1);
  }

 private:
  Bytes row_;
  std::size_t depth_;
};

std::array<std::uint32_t, 256> palette_of(const PngPixels& source) {
  std::array<std::uint32_t, 256> colors{};
  colors.fill(
      pack(0, 0, 0, 255));  // an index behind the palette's end is an error; readers show black
  ByteReader rgb(source.palette);
  ByteReader alpha(source.trns);
  for (std::size_t i = 0; i < colors.size() && rgb.left() >= 3; ++i) {
    const std::uint32_t r = rgb.u8();
    const std::uint32_t g = rgb.u8();
    const std::uint32_t b = rgb.u8();
    colors[i] = pack(r, g, b, alpha.left() > 0 ? alpha.u8() : 255);
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

class Converter {
 public:
  explicit Converter(const PngPixels& source)
      : color_(source.header.color), palette_(palette_of(source)), key_(source) {}

  [[nodiscard]] std::uint32_t pixel(const SampleRow& row, std::size_t x) const {
    switch (color_) {
      case PngColor::kPalette:
        return palette_[row.raw(x)];
      case PngColor::kGrey: {
        const std::uint32_t grey = row.as_8_bits(x);
        return pack(grey, grey, grey, key_.present && row.raw(x) == key_.samples[0] ? 0 : 255);
      }
      case PngColor::kGreyAlpha: {
        const std::uint32_t grey = row.as_8_bits(2 * x);
        return pack(grey, grey, grey, row.as_8_bits(2 * x + 1));
      }
      case PngColor::kRgb: {
        const bool hidden = key_.present && row.raw(3 * x) == key_.samples[0] &&
                            row.raw(3 * x + 1) == key_.samples[1] &&
                            row.raw(3 * x + 2) == key_.samples[2];
        return pack(row.as_8_bits(3 * x), row.as_8_bits(3 * x + 1), row.as_8_bits(3 * x + 2),
                    hidden ? 0 : 255);
      }
      case PngColor::kRgba:
        return pack(row.as_8_bits(4 * x), row.as_8_bits(4 * x + 1), row.as_8_bits(4 * x + 2),
                    row.as_8_bits(4 * x + 3));
    }
    return 0;
  }

 private:
  PngColor color_;
  std::array<std::uint32_t, 256> palette_;
  ColorKey key_;
};

// At most 256 colours with their numbers; open addressing, a quarter full at most.
class ColorTable {
 public:
  static constexpr std::size_t kColorsMax = 256;
  // False when there is no room for one more.
  bool add(std::uint32_t color) {
    Slot& slot = slot_of(color);
    if (slot.used) return true;
    if (count_ == kColorsMax) return false;
    slot = {color, static_cast<std::uint8_t>(count_++), true};
    return true;
  }
  [[nodiscard]] std::uint8_t number_of(std::uint32_t color) { return slot_of(color).number; }
  [[nodiscard]] std::vector<std::uint32_t> colors() const {
    std::vector<std::uint32_t> out;
    for (const Slot& slot : slots_) {
      if (slot.used) out.push_back(slot.color);
    }
    return out;
  }

 private:
  struct Slot {
    std::uint32_t color = 0;
    std::uint8_t number = 0;
    bool used = false;
  };
  Slot& slot_of(std::uint32_t color) {
    std::size_t i = (color * 2'654'435'761U) >> 22;
    while (slots_[i].used && slots_[i].color != color) i = (i + 1) % slots_.size();
    return slots_[i];
  }

  std::array<Slot, 1'024> slots_{};
  std::size_t count_ = 0;
};

// Transparent first, so that tRNS can be short; then dark to light, so that neighbours look alike.
void sort_for_palette(std::vector<std::uint32_t>& colors) {
  const auto rank = [](std::uint32_t color) {
    const auto [r, g, b, a] = unpack(color);
    return std::array<int, 6>{a == 255, 2 * r + 5 * g + b, r, g, b, a};
  };
  std::ranges::sort(colors, {}, rank);
}

}  // namespace

RgbaPicture to_rgba(PngPixels& source) {
  const PngHeader& header = source.header;
  RgbaPicture picture{header.width, header.height, {}};
  picture.pixels.resize(std::size_t{header.width} * header.height);
  const Converter converter(source);
  const auto row_bytes = static_cast<std::size_t>(header.row_bytes(header.width));
  std::uint32_t* out = picture.pixels.data();
  for (std::size_t y = 0; y < header.height; ++y) {
    const SampleRow row(Bytes(source.rows).subspan(y * row_bytes, row_bytes), header.depth);
    for (std::size_t x = 0; x < header.width; ++x) *out++ = converter.pixel(row, x);
  }
  source.rows = {};
  return picture;
}

ColorCensus census_of(const RgbaPicture& picture) {
  ColorCensus census;
  ColorTable table;
  bool few = true;
  std::size_t flat = 0;
  std::uint32_t before = ~picture.pixels.front();
  for (const std::uint32_t pixel : picture.pixels) {
    if (pixel == before) {
      ++flat;
      continue;
    }
    before = pixel;
    const auto [r, g, b, a] = unpack(pixel);
    census.opaque = census.opaque && a == 255;
    census.grey = census.grey && r == g && g == b;
    few = few && table.add(pixel);
  }
  if (few) census.colors = table.colors();
  sort_for_palette(census.colors);
  census.flat_share = static_cast<double>(flat) / static_cast<double>(picture.pixels.size());
  return census;
}

PngImage palette_image(std::uint32_t width, std::uint32_t height, Bytes indices,
                       std::span<const std::uint32_t> colors) {
  PngImage image;
  const int depth = colors.size() <= 2 ? 1 : colors.size() <= 4 ? 2 : colors.size() <= 16 ? 4 : 8;
  image.header = {width, height, depth, PngColor::kPalette, false};
  for (const std::uint32_t color : colors) {
    const auto [r, g, b, a] = unpack(color);
    for (const std::uint8_t sample : {r, g, b}) append_u8(image.palette, sample);
    if (a < 255) append_u8(image.trns, a);
  }
  const auto row_bytes = static_cast<std::size_t>(image.header.row_bytes(width));
  image.rows.resize(row_bytes * height);
  const std::size_t bits = static_cast<std::size_t>(depth);
  for (std::size_t y = 0; y < height; ++y) {
    std::byte* row = image.rows.data() + y * row_bytes;
    for (std::size_t x = 0; x < width; ++x) {
      row[x * bits / 8] |= indices[y * width + x] << (8 - bits - x * bits % 8);
    }
  }
  return image;
}

PngImage exact_palette(const RgbaPicture& picture, const ColorCensus& census) {
  ColorTable table;
  for (const std::uint32_t color : census.colors) table.add(color);
  Buffer indices(picture.pixels.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    indices[i] = static_cast<std::byte>(table.number_of(picture.pixels[i]));
  }
  return palette_image(picture.width, picture.height, indices, census.colors);
}

PngImage direct_samples(const RgbaPicture& picture, bool grey, bool opaque) {
  PngImage image;
  const PngColor color = grey ? (opaque ? PngColor::kGrey : PngColor::kGreyAlpha)
                              : (opaque ? PngColor::kRgb : PngColor::kRgba);
  image.header = {picture.width, picture.height, 8, color, false};
  const auto channels = static_cast<std::size_t>(image.header.channels());
  image.rows.resize(picture.pixels.size() * channels);
  std::byte* out = image.rows.data();
  for (const std::uint32_t pixel : picture.pixels) {
    const auto rgba = unpack(pixel);
    std::memcpy(out, rgba.data(), grey ? 1 : 3);
    if (!opaque) out[channels - 1] = std::byte{rgba[3]};
    out += channels;
  }
  return image;
}

}  // namespace imgmill::codec_worker
