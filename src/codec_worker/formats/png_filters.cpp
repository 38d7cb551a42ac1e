#include "codec_worker/formats/png_filters.h"

#include <array>

namespace imgmill::codec_worker {
namespace {

int at(Bytes bytes, std::size_t i) { return std::to_integer<int>(bytes[i]); }

constexpr std::size_t kFilters = 5;

// One row through `Filter` into `out`; returns the sum of differences, by which filters compete.
template <PngFilter Filter>
std::uint64_t apply_filter(Bytes row, Bytes above, std::size_t step, std::span<std::byte> out) {
  std::uint64_t cost = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int left = i < step ? 0 : at(row, i - step);
    const int up = at(above, i);
    int guess = 0;
    if constexpr (Filter == PngFilter::kSub) guess = left;
    if constexpr (Filter == PngFilter::kUp) guess = up;
    if constexpr (Filter == PngFilter::kAverage) guess = (left + up) / 2;
    if constexpr (Filter == PngFilter::kPaeth) {
      guess = paeth_guess(left, up, i < step ? 0 : at(above, i - step));
    }
    const auto difference = static_cast<std::int8_t>(at(row, i) - guess);
    out[i] = static_cast<std::byte>(difference);
    cost += static_cast<std::uint64_t>(std::abs(int{difference}));
  }
  return cost;
}

using FilterFn = std::uint64_t (*)(Bytes, Bytes, std::size_t, std::span<std::byte>);
constexpr std::array<FilterFn, kFilters> kApply{
    apply_filter<PngFilter::kNone>, apply_filter<PngFilter::kSub>, apply_filter<PngFilter::kUp>,
    apply_filter<PngFilter::kAverage>, apply_filter<PngFilter::kPaeth>};

}  // namespace

ExactFilter::ExactFilter(const PngHeader& header)
    : none_(header.color == PngColor::kPalette || header.depth < 8),
      step_(static_cast<std::size_t>(header.bits_per_pixel()) / 8),
      above_(static_cast<std::size_t>(header.row_bytes(header.width))),
      best_(above_.size() + 1),
      trial_(above_.size() + 1) {}

Bytes ExactFilter::next(Bytes row) {
  if (none_) {
    std::memcpy(best_.data() + 1, row.data(), row.size());  // PngFilter::kNone
  } else {
    filter_adaptively(row, above_, step_, best_, trial_);
    std::memcpy(above_.data(), row.data(), row.size());
  }
  return best_;
}

void filter_adaptively(Bytes row, Bytes above, std::size_t step, std::span<std::byte> out,
                       Buffer& trial) {
  std::uint64_t best = UINT64_MAX;
  for (std::size_t filter = 0; filter < kFilters; ++filter) {
    trial[0] = static_cast<std::byte>(filter);
    const std::uint64_t cost = kApply[filter](row, above, step, std::span(trial).subspan(1));
    if (cost >= best) continue;
    best = cost;
    std::memcpy(out.data(), trial.data(), trial.size());
  }
}

}  // namespace imgmill::codec_worker
