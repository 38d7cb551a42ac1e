#include "codec_worker/formats/png_writer.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

#include <libdeflate.h>

namespace imgmill::codec_worker {
namespace {

int at(Bytes bytes, std::size_t i) { return std::to_integer<int>(bytes[i]); }

int paeth(int left, int up, int corner) {
  const int estimate = left + up - corner;
  const int to_left = std::abs(estimate - left);
  const int to_up = std::abs(estimate - up);
  const int to_corner = std::abs(estimate - corner);
  if (to_left <= to_up && to_left <= to_corner) return left;
  return to_up <= to_corner ? up : corner;
}

constexpr int kFilters = 5;

// One row through filter `Filter` into `out`; returns the sum of differences, by which filters
// compete.
template <int Filter>
std::uint64_t apply_filter(Bytes row, Bytes above, std::size_t step, std::span<std::byte> out) {
  std::uint64_t cost = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int left = i < step ? 0 : at(row, i - step);
    const int up = at(above, i);
    int predicted = 0;
    if constexpr (Filter == 1) predicted = left;
    if constexpr (Filter == 2) predicted = up;
    if constexpr (Filter == 3) predicted = (left + up) / 2;
    if constexpr (Filter == 4) predicted = paeth(left, up, i < step ? 0 : at(above, i - step));
    const auto difference = static_cast<std::int8_t>(at(row, i) - predicted);
    out[i] = static_cast<std::byte>(difference);
    cost += static_cast<std::uint64_t>(std::abs(int{difference}));
  }
  return cost;
}

using FilterFn = std::uint64_t (*)(Bytes, Bytes, std::size_t, std::span<std::byte>);
constexpr std::array<FilterFn, kFilters> kApply{apply_filter<0>, apply_filter<1>, apply_filter<2>,
                                                apply_filter<3>, apply_filter<4>};

// Writes the best of the five into `out`, whose first byte names it. `trial` is as long.
void filter_adaptively(Bytes row, Bytes above, std::size_t step, std::span<std::byte> out,
                       Buffer& trial) {
  std::uint64_t best = UINT64_MAX;
  for (int filter = 0; filter < kFilters; ++filter) {
    trial[0] = static_cast<std::byte>(filter);
    const auto apply = kApply[static_cast<std::size_t>(filter)];
    const std::uint64_t cost = apply(row, above, step, std::span(trial).subspan(1));
    if (cost >= best) continue;
    best = cost;
    std::memcpy(out.data(), trial.data(), trial.size());
  }
}

struct Rows {
  explicit Rows(const PngImage& image)
      : bytes(image.rows),
        row_bytes(image.header.row_bytes(image.header.width)),
        height(image.header.height),
        step(std::max<std::size_t>(1,
                                   static_cast<std::size_t>(image.header.bits_per_pixel()) / 8)) {}
  [[nodiscard]] Bytes row(std::size_t y) const { return bytes.subspan(y * row_bytes, row_bytes); }

  Bytes bytes;
  std::size_t row_bytes;
  std::size_t height;
  std::size_t step;
};

// How much goes on around a sample: the mean step to its neighbours, in levels.
class Activity {
 public:
  explicit Activity(const Rows& rows) : rows_(rows) {}
  [[nodiscard]] int around(std::size_t y, std::size_t i) const {
    const Bytes row = rows_.row(y);
    const int here = at(row, i);
    int total = 0;
    total += i < rows_.step ? 0 : std::abs(here - at(row, i - rows_.step));
    total += i + rows_.step >= row.size() ? 0 : std::abs(here - at(row, i + rows_.step));
    total += y == 0 ? 0 : std::abs(here - at(rows_.row(y - 1), i));
    total += y + 1 == rows_.height ? 0 : std::abs(here - at(rows_.row(y + 1), i));
    return total / 4;
  }

 private:
  const Rows& rows_;
};

// The value nearest to `wanted` that lies a multiple of 2·error + 1 from `predicted`.
int near_value(int wanted, int predicted, int error) {
  const int spacing = 2 * error + 1;
  const int difference = wanted - predicted;
  const int steps = (std::abs(difference) + error) / spacing;
  const int value = predicted + (difference < 0 ? -steps : steps) * spacing;
  return value < 0 || value > 255 ? wanted : value;
}

constexpr int kAverageFilter = 3;

}  // namespace

Buffer filter_rows(const PngImage& image, PngFilter filter) {
  const Rows rows(image);
  Buffer out((rows.row_bytes + 1) * rows.height);
  Buffer trial(rows.row_bytes + 1);
  const Buffer zeros(rows.row_bytes);
  Bytes above(zeros);
  for (std::size_t y = 0; y < rows.height; ++y) {
    const std::span target = std::span(out).subspan(y * trial.size(), trial.size());
    const Bytes row = rows.row(y);
    if (filter == PngFilter::kNone) {
      std::memcpy(target.data() + 1, row.data(), row.size());
    } else {
      filter_adaptively(row, above, rows.step, target, trial);
    }
    above = row;
  }
  return out;
}

Buffer filter_rows_near(const PngImage& image, int error_max) {
  const Rows rows(image);
  const Activity activity(rows);
  const bool has_alpha = rows.step == 2 || rows.step == 4;
  Buffer out((rows.row_bytes + 1) * rows.height);
  Buffer above(rows.row_bytes);  // as a reader will see them
  Buffer here(rows.row_bytes);
  for (std::size_t y = 0; y < rows.height; ++y) {
    const std::span target = std::span(out).subspan(y * (rows.row_bytes + 1), rows.row_bytes + 1);
    target[0] = std::byte{kAverageFilter};
    const Bytes row = rows.row(y);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t channel = i % rows.step;
      const bool is_alpha = has_alpha && channel + 1 == rows.step;
      const bool invisible =
          has_alpha && row[i - channel + rows.step - 1] == std::byte{0} && !is_alpha;
      const int left = i < rows.step ? 0 : at(here, i - rows.step);
      const int predicted = (left + at(above, i)) / 2;
      int value = at(row, i);
      if (invisible) value = predicted;
      if (!invisible && !is_alpha) {
        value = near_value(value, predicted, std::min(error_max, activity.around(y, i)));
      }
      here[i] = static_cast<std::byte>(value);
      target[i + 1] = static_cast<std::byte>(value - predicted);
    }
    std::swap(above, here);
  }
  return out;
}

Buffer write_png(const PngImage& image, Bytes filtered, int level, Bytes before_palette,
                 Bytes behind_palette) {
  using Deflater = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;
  const Deflater deflater(libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  if (!deflater) throw std::bad_alloc();
  Buffer packed(libdeflate_zlib_compress_bound(deflater.get(), filtered.size()));
  packed.resize(libdeflate_zlib_compress(deflater.get(), filtered.data(), filtered.size(),
                                         packed.data(), packed.size()));
  Buffer out;
  out.reserve(packed.size() + before_palette.size() + behind_palette.size() + 1'200);
  append_png_signature(out);
  append_png_header(out, image.header);
  append(out, before_palette);
  if (!image.palette.empty()) append_png_chunk(out, four("PLTE"), image.palette);
  if (!image.trns.empty()) append_png_chunk(out, four("tRNS"), image.trns);
  append(out, behind_palette);
  append_png_chunk(out, four("IDAT"), packed);
  append_png_chunk(out, four("IEND"), {});
  return out;
}

}  // namespace imgmill::codec_worker
