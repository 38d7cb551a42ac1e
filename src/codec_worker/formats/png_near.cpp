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

}  // namespace

// The levels of one row of tiles after another, told from it and the ones above and below.
class NearFilter::Activity {
 public:
  explicit Activity(const PngHeader& header)
      : channels_(static_cast<std::size_t>(header.channels())),
        luma_above_(header.width),
        luma_(header.width),
        levels_((header.width + kTile - 1) / kTile) {}

  // Returns whether a row of tiles is decided: levels() are those of `kTile` pixel rows.
  bool add(Bytes row) {
    measure(row);
    return ++rows_ % kTile == 0 && move_down();
  }
  // The same at the end, where tiles may be cut off: until false. Without rows, false at once.
  bool finish() { return move_down(); }

  [[nodiscard]] std::span<const std::uint8_t> levels() const { return levels_; }

 private:
  using Tiles = std::vector<int>;  // sums of differences; empty where there are none

  // A difference counts for the tile of the later pixel.
  void measure(Bytes row) {
    read_luma(row, channels_, luma_);
    if (rows_ == 0) luma_above_ = luma_;
    below_.resize(levels_.size());
    below_[0] += std::abs(luma_[0] - luma_above_[0]);
    for (std::size_t x = 1; x < luma_.size(); ++x) {
      below_[x / kTile] += std::abs(luma_[x] - luma_[x - 1]) + std::abs(luma_[x] - luma_above_[x]);
    }
    std::swap(luma_above_, luma_);
  }

  bool move_down() {
    const bool decided = !here_.empty();
    for (std::size_t x = 0; decided && x < levels_.size(); ++x) levels_[x] = level_of(x);
    above_ = std::move(here_);
    here_ = std::move(below_);
    below_ = {};
    return decided;
  }

  [[nodiscard]] std::uint8_t level_of(std::size_t x) const {
    int sum = 0;
    int count = 0;
    for (const Tiles* tiles : {&above_, &here_, &below_}) {
      if (tiles->empty()) continue;
      for (std::size_t i = x == 0 ? 0 : x - 1; i < std::min(x + 2, tiles->size()); ++i, ++count) {
        sum += (*tiles)[i];
      }
    }
    const int differences = static_cast<int>(2 * kTile * kTile);  // of a tile
    const int activity =
        std::min(sum / count, kBorrowedMax * here_[x]) * kActivityUnit / differences;
    std::uint8_t level = kLevels - 1;
    while (activity < kActivityFrom[level]) --level;
    return level;
  }

  std::size_t channels_;
  std::size_t rows_ = 0;
  std::vector<std::uint8_t> luma_above_;
  std::vector<std::uint8_t> luma_;
  Tiles above_;
  Tiles here_;   // to be decided next
  Tiles below_;  // of the rows that came last
  std::vector<std::uint8_t> levels_;
};

// Rounds differences to multiples of the step of a level.
class NearFilter::Rounding {
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

namespace {

// One row by PngFilter::kAverage. `above` and `here` are rows as a reader has them.
template <std::size_t Channels, class Rounding>
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

}  // namespace

int png_error_max(int quality) { return error_max_of(kLevels - 1, quality); }

NearFilter::NearFilter(const PngHeader& header, int quality)
    : channels_(static_cast<std::size_t>(header.channels())),
      activity_(std::make_unique<Activity>(header)),
      rounding_(std::make_unique<const Rounding>(quality)),
      above_(header.width * channels_),
      here_(above_.size()),
      trial_(above_.size() + 1) {}

NearFilter::~NearFilter() = default;

void NearFilter::add(Bytes row, Buffer& out) {
  append(waiting_, row);
  if (activity_->add(row)) filter_tiles(out);
}

void NearFilter::finish(Buffer& out) {
  while (!waiting_.empty()) {
    if (activity_->finish()) filter_tiles(out);
  }
}

void NearFilter::filter_tiles(Buffer& out) {
  const std::size_t row_bytes = above_.size();
  const std::size_t rows = std::min(kTile, waiting_.size() / row_bytes);
  const std::size_t begin = out.size();
  out.resize(begin + rows * (row_bytes + 1));
  for (std::size_t y = 0; y < rows; ++y) {
    const Bytes row = Bytes(waiting_).subspan(y * row_bytes, row_bytes);
    const std::span target = std::span(out).subspan(begin + y * (row_bytes + 1), row_bytes + 1);
    filter_row(row, activity_->levels(), target);
  }
  waiting_.erase(waiting_.begin(),
                 waiting_.begin() + static_cast<std::ptrdiff_t>(rows * row_bytes));
}

void NearFilter::filter_row(Bytes row, std::span<const std::uint8_t> levels,
                            std::span<std::byte> out) {
  if (std::ranges::all_of(levels, [&](std::size_t i) { return rounding_->is_exact(i); })) {
    filter_adaptively(row, above_, channels_, out, trial_);
    std::ranges::copy(row, above_.begin());
    return;
  }
  out[0] = static_cast<std::byte>(PngFilter::kAverage);
  const std::span rest = out.subspan(1);
  switch (channels_) {
    case 1:
      round_row<1>(row, levels, *rounding_, above_, here_, rest);
      break;
    case 2:
      round_row<2>(row, levels, *rounding_, above_, here_, rest);
      break;
    case 3:
      round_row<3>(row, levels, *rounding_, above_, here_, rest);
      break;
    default:
      round_row<4>(row, levels, *rounding_, above_, here_, rest);
  }
  std::swap(above_, here_);
}

Buffer filter_rows_near(const PngImage& image, int quality) {
  const auto row_bytes = static_cast<std::size_t>(image.header.row_bytes(image.header.width));
  NearFilter filter(image.header, quality);
  Buffer out;
  out.reserve((row_bytes + 1) * image.header.height);
  for (std::size_t y = 0; y < image.header.height; ++y) {
    filter.add(Bytes(image.rows).subspan(y * row_bytes, row_bytes), out);
  }
  filter.finish(out);
  return out;
}

}  // namespace imgmill::codec_worker
