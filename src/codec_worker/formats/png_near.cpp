#include "codec_worker/formats/png_near.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "codec_worker/formats/png_filters.h"

namespace imgmill::codec_worker {
namespace {

// Levels of activity, and the largest error in each at quality 50. Chosen on photographs for the
// fewest bytes at one SSIMULACRA2, then looked at with four times the contrast (docs/codec.md).
constexpr std::size_t kLevels = 5;
constexpr std::array<int, kLevels> kErrorMaxAt50{0, 1, 2, 4, 7};
// The mean difference to the neighbours from which a level begins, in 1/16 of a level of luma.
constexpr std::array<int, kLevels> kActivityFrom{0, 3, 6, 19, 64};
constexpr int kActivityUnit = 16;
// Activity is measured in tiles of so many pixels a side.
constexpr std::size_t kTile = 4;
// An edge lends its activity to the tiles around it, but to a smooth one no more than this multiple
// of its own: there the error would be seen as a fringe.
constexpr int kBorrowedMax = 2;

int at(Bytes bytes, std::size_t i) { return std::to_integer<int>(bytes[i]); }

int error_max_of(std::size_t level, int quality) {
  const int strength = (100 - quality) / 10;  // 5 at quality 50
  return (kErrorMaxAt50[level] * strength + 2) / 5;
}

// Which level each tile of the picture is on.
class ActivityMap {
 public:
  ActivityMap(const PngImage& image, std::size_t channels)
      : width_((image.header.width + kTile - 1) / kTile),
        height_((image.header.height + kTile - 1) / kTile),
        own_(width_ * height_),
        levels_(width_ * height_) {
    measure(image, channels);
    for (std::size_t y = 0; y < height_; ++y) {
      for (std::size_t x = 0; x < width_; ++x) levels_[y * width_ + x] = level_of(x, y);
    }
  }
  // Those of the tiles that pixel row `y` runs through.
  [[nodiscard]] std::span<const std::uint8_t> row(std::size_t y) const {
    return std::span(levels_).subspan(y / kTile * width_, width_);
  }

 private:
  // Sums of differences, which count for the tile of the later pixel.
  void measure(const PngImage& image, std::size_t channels);

  [[nodiscard]] std::uint8_t level_of(std::size_t x, std::size_t y) const {
    int sum = 0;
    int count = 0;
    for (std::size_t j = y == 0 ? 0 : y - 1; j < std::min(y + 2, height_); ++j) {
      for (std::size_t i = x == 0 ? 0 : x - 1; i < std::min(x + 2, width_); ++i, ++count) {
        sum += own_[j * width_ + i];
      }
    }
    const int own = own_[y * width_ + x];
    const int differences = static_cast<int>(2 * kTile * kTile);  // of a tile
    const int activity = std::min(sum / count, kBorrowedMax * own) * kActivityUnit / differences;
    std::uint8_t level = kLevels - 1;
    while (activity < kActivityFrom[level]) --level;
    return level;
  }

  std::size_t width_;  // in tiles
  std::size_t height_;
  std::vector<int> own_;
  std::vector<std::uint8_t> levels_;
};

void read_luma(Bytes row, std::size_t channels, std::vector<std::uint8_t>& luma) {
  if (channels < 3) {
    for (std::size_t x = 0; x < luma.size(); ++x) {
      luma[x] = std::to_integer<std::uint8_t>(row[x * channels]);
    }
    return;
  }
  for (std::size_t x = 0; x < luma.size(); ++x) {
    const Bytes rgb = row.subspan(x * channels, 3);
    luma[x] = static_cast<std::uint8_t>((at(rgb, 0) + 2 * at(rgb, 1) + at(rgb, 2)) / 4);
  }
}

void ActivityMap::measure(const PngImage& image, std::size_t channels) {
  const std::size_t width = image.header.width;
  std::vector<std::uint8_t> above(width);
  std::vector<std::uint8_t> here(width);
  for (std::size_t y = 0; y < image.header.height; ++y) {
    read_luma(Bytes(image.rows).subspan(y * width * channels, width * channels), channels, here);
    if (y == 0) above = here;
    const std::span tiles = std::span(own_).subspan(y / kTile * width_, width_);
    tiles[0] += std::abs(here[0] - above[0]);
    for (std::size_t x = 1; x < width; ++x) {
      tiles[x / kTile] += std::abs(here[x] - here[x - 1]) + std::abs(here[x] - above[x]);
    }
    std::swap(above, here);
  }
}

// Rounds differences to multiples of the step of a level.
class Rounding {
 public:
  explicit Rounding(int quality) {
    for (std::size_t level = 0; level < kLevels; ++level) {
      const int error = error_max_of(level, quality);
      const int step = 2 * error + 1;
      for (int difference = -255; difference <= 255; ++difference) {
        const int steps = (std::abs(difference) + error) / step;
        rounded_[level][static_cast<std::size_t>(difference + 255)] =
            static_cast<std::int16_t>(difference < 0 ? -steps * step : steps * step);
      }
      exact_[level] = error == 0;
    }
  }
  [[nodiscard]] bool is_exact(std::size_t level) const { return exact_[level]; }
  // The value near `wanted` at such a distance from `guess`.
  [[nodiscard]] int apply(std::size_t level, int wanted, int guess) const {
    const int value = guess + rounded_[level][static_cast<std::size_t>(wanted - guess + 255)];
    return value < 0 || value > 255 ? wanted : value;
  }

 private:
  std::array<std::array<std::int16_t, 511>, kLevels> rounded_{};
  std::array<bool, kLevels> exact_{};
};

// One row by PngFilter::kAverage. `above` and `here` are rows as a reader has them.
template <std::size_t Channels>
void round_row(Bytes row, std::span<const std::uint8_t> levels, const Rounding& rounding,
               Bytes above, std::span<std::byte> here, std::span<std::byte> out) {
  constexpr bool kHasAlpha = Channels == 2 || Channels == 4;
  constexpr std::size_t kColours = kHasAlpha ? Channels - 1 : Channels;
  std::array<int, Channels> left{};
  for (std::size_t x = 0; x * Channels < row.size(); ++x) {
    const std::size_t level = levels[x / kTile];
    const std::size_t i = x * Channels;
    const bool visible = !kHasAlpha || row[i + Channels - 1] != std::byte{0};
    for (std::size_t c = 0; c < Channels; ++c) {
      const int guess = (left[c] + at(above, i + c)) / 2;
      int value = at(row, i + c);
      if (c < kColours) value = visible ? rounding.apply(level, value, guess) : guess;
      left[c] = value;
      here[i + c] = static_cast<std::byte>(value);
      out[i + c] = static_cast<std::byte>(value - guess);
    }
  }
}

using RoundRow = void (*)(Bytes, std::span<const std::uint8_t>, const Rounding&, Bytes,
                          std::span<std::byte>, std::span<std::byte>);
constexpr std::array<RoundRow, 4> kRoundRow{round_row<1>, round_row<2>, round_row<3>, round_row<4>};

}  // namespace

int png_error_max(int quality) { return error_max_of(kLevels - 1, quality); }

Buffer filter_rows_near(const PngImage& image, int quality) {
  const auto channels = static_cast<std::size_t>(image.header.channels());
  const std::size_t row_bytes = image.header.width * channels;
  const ActivityMap activity(image, channels);
  const Rounding rounding(quality);
  Buffer out((row_bytes + 1) * image.header.height);
  Buffer above(row_bytes);  // as a reader will see them
  Buffer here(row_bytes);
  Buffer trial(row_bytes + 1);
  for (std::size_t y = 0; y < image.header.height; ++y) {
    const std::span target = std::span(out).subspan(y * (row_bytes + 1), row_bytes + 1);
    const Bytes row = Bytes(image.rows).subspan(y * row_bytes, row_bytes);
    const auto levels = activity.row(y);
    if (std::ranges::all_of(levels, [&](std::size_t i) { return rounding.is_exact(i); })) {
      filter_adaptively(row, above, channels, target, trial);
      std::ranges::copy(row, above.begin());
      continue;
    }
    target[0] = static_cast<std::byte>(PngFilter::kAverage);
    kRoundRow[channels - 1](row, levels, rounding, above, here, target.subspan(1));
    std::swap(above, here);
  }
  return out;
}

}  // namespace imgmill::codec_worker
