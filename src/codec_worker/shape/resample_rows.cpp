// Highway compiles what stands between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE once for each
// kind of vector, by including this file again and again.
#include "codec_worker/shape/resample_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec_worker/shape/resample_rows.cpp"
#include <hwy/foreach_target.h>
// Behind foreach_target.h, as Highway wants it.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace imgmill::codec_worker {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void WidenSamples(const std::uint8_t* samples, std::size_t count, float* out) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::int32_t, decltype(d)> d32;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    hn::StoreU(hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, samples + i))), d, out + i);
  }
  for (; i < count; ++i) out[i] = static_cast<float>(samples[i]);
}

void AddSamples(const float* samples, std::size_t count, float* sums) {
  const hn::ScalableTag<float> d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::LoadU(d, samples + i)), d, sums + i);
  }
  for (; i < count; ++i) sums[i] += samples[i];
}

void NarrowSamples(const float* samples, std::size_t count, std::uint8_t* out) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(hn::LoadU(d, samples + i))), d8, out + i);
  }
  for (; i < count; ++i) {
    const float rounded = samples[i] + 0.5F;
    out[i] = static_cast<std::uint8_t>(rounded < 0 ? 0 : rounded > 255 ? 255 : rounded);
  }
}

void BlendRows(std::span<const float* const> rows, std::span<const float> weights,
               std::size_t count, float* out) {
  const hn::ScalableTag<float> d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    auto sum = hn::Zero(d);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      sum = hn::MulAdd(hn::Set(d, weights[k]), hn::LoadU(d, rows[k] + i), sum);
    }
    hn::StoreU(sum, d, out + i);
  }
  for (; i < count; ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) sum += weights[k] * rows[k][i];
    out[i] = sum;
  }
}

// Four lanes are one pixel, whatever it has of channels: what the lanes behind read and write
// belongs to the next pixel, which comes after it, or to the slack.
template <std::size_t Channels>
void BlendPixelsOf(const float* row, std::span<const Taps> taps, float* out) {
  const hn::FixedTag<float, 4> d;
  for (const Taps& tap : taps) {
    const float* pixel = row + tap.first * Channels;
    const float* weight = tap.weights.data();
    const std::size_t count = tap.weights.size();
    auto even = hn::Zero(d);
    auto odd = hn::Zero(d);
    std::size_t k = 0;
    for (; k + 2 <= count; k += 2, pixel += 2 * Channels) {
      even = hn::MulAdd(hn::Set(d, weight[k]), hn::LoadU(d, pixel), even);
      odd = hn::MulAdd(hn::Set(d, weight[k + 1]), hn::LoadU(d, pixel + Channels), odd);
    }
    if (k < count) even = hn::MulAdd(hn::Set(d, weight[k]), hn::LoadU(d, pixel), even);
    hn::StoreU(hn::Add(even, odd), d, out);
    out += Channels;
  }
}

void BlendPixels(const float* row, std::size_t channels, std::span<const Taps> taps, float* out) {
  switch (channels) {
    case 1:
      return BlendPixelsOf<1>(row, taps, out);
    case 2:
      return BlendPixelsOf<2>(row, taps, out);
    case 3:
      return BlendPixelsOf<3>(row, taps, out);
    default:
      return BlendPixelsOf<4>(row, taps, out);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace imgmill::codec_worker
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace imgmill::codec_worker {

HWY_EXPORT(WidenSamples);
HWY_EXPORT(AddSamples);
HWY_EXPORT(NarrowSamples);
HWY_EXPORT(BlendRows);
HWY_EXPORT(BlendPixels);

void widen_samples(const std::uint8_t* samples, std::size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(WidenSamples)(samples, count, out);
}

void add_samples(const float* samples, std::size_t count, float* sums) {
  HWY_DYNAMIC_DISPATCH(AddSamples)(samples, count, sums);
}

void narrow_samples(const float* samples, std::size_t count, std::uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(NarrowSamples)(samples, count, out);
}

void blend_rows(std::span<const float* const> rows, std::span<const float> weights,
                std::size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(BlendRows)(rows, weights, count, out);
}

void blend_pixels(const float* row, std::size_t channels, std::span<const Taps> taps, float* out) {
  HWY_DYNAMIC_DISPATCH(BlendPixels)(row, channels, taps, out);
}

}  // namespace imgmill::codec_worker
#endif
