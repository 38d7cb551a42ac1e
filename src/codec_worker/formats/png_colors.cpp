#include "codec_worker/formats/png_colors.h"

#include <array>

#include "codec_worker/formats/png_samples.h"

namespace imgmill::codec_worker {
namespace {

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

// So many pixels of one colour in a row are no chance, as two or three are in a smooth photo.
constexpr std::size_t kFlatRun = 8;

// Transparent first, so that tRNS can be short; then dark to light, so that neighbours look alike.
void sort_for_palette(std::vector<std::uint32_t>& colors) {
  const auto rank = [](std::uint32_t color) {
    const auto [r, g, b, a] = unpack_rgba(color);
    return std::array<int, 6>{a == 255, 2 * r + 5 * g + b, r, g, b, a};
  };
  std::ranges::sort(colors, {}, rank);
}

}  // namespace

RgbaPicture to_rgba(PngPixels& source) {
  const PngHeader& header = source.header;
  RgbaPicture picture{header.width, header.height, {}};
  picture.pixels.resize(std::size_t{header.width} * header.height);
  const PngSamples samples(source, false);
  for (std::size_t y = 0; y < header.height; ++y) {
    samples.read_row(y, picture.pixels.data() + y * header.width);
  }
  source.rows = {};
  return picture;
}

ColorCensus census_of(const RgbaPicture& picture) {
  ColorCensus census;
  ColorTable table;
  bool few = true;
  std::size_t flat = 0;
  std::size_t run = 0;  // pixels equal to this one on its left
  std::uint32_t before = ~picture.pixels.front();
  for (const std::uint32_t pixel : picture.pixels) {
    if (pixel == before) {
      if (++run >= kFlatRun) ++flat;
      continue;
    }
    run = 0;
    before = pixel;
    const auto [r, g, b, a] = unpack_rgba(pixel);
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
    const auto [r, g, b, a] = unpack_rgba(color);
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
    const auto rgba = unpack_rgba(pixel);
    std::memcpy(out, rgba.data(), grey ? 1 : 3);
    if (!opaque) out[channels - 1] = std::byte{rgba[3]};
    out += channels;
  }
  return image;
}

}  // namespace imgmill::codec_worker
