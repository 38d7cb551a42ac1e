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
