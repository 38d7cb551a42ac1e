#include "codec_worker/formats/jpeg_requantiser.h"

#include <algorithm>
#include <bit>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec_worker/formats/jpeg_requantiser.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace imgmill::codec_worker::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline std::uint64_t requantise_block(const JpegRequantisation& by, JpegCoefficient* block) {
  const hn::CappedTag<std::int16_t, kJpegBlockSize> signed_lanes;
  const hn::RebindToUnsigned<decltype(signed_lanes)> lanes;
  const auto zero = hn::Zero(signed_lanes);
  std::array<std::uint8_t, 8> mask{};
  for (std::size_t k = 0; k < kJpegBlockSize; k += hn::Lanes(lanes)) {
    const auto value = hn::LoadU(signed_lanes, block + k);
    const auto size = hn::Min(hn::BitCast(lanes, hn::Abs(value)), hn::Load(lanes, &by.limit[k]));
    const auto dividend =
        hn::Add(hn::Mul(size, hn::Load(lanes, &by.source[k])), hn::Load(lanes, &by.offset[k]));
    const auto quotient = hn::MulHigh(hn::MulHigh(dividend, hn::Load(lanes, &by.inverse[k])),
                                      hn::Load(lanes, &by.scale[k]));
    const auto kept = hn::Gt(hn::BitCast(signed_lanes, size),
                             hn::BitCast(signed_lanes, hn::Load(lanes, &by.dropped[k])));
    const auto steps = hn::IfThenElseZero(kept, hn::BitCast(signed_lanes, quotient));
    // The sign back: -x is (x ^ -1) + 1.
    const auto sign = hn::BroadcastSignBit(value);
    const auto result = hn::Sub(hn::Xor(steps, sign), sign);
    hn::StoreU(result, signed_lanes, block + k);
    hn::StoreMaskBits(signed_lanes, hn::Ne(result, zero), &mask[k / 8]);
  }
  return std::bit_cast<std::uint64_t>(mask);
}

void requantise_blocks(std::span<const JpegRequantisation* const> mcu, int mcus,
                       JpegCoefficient* blocks, std::uint64_t* masks) {
  for (int i = 0; i < mcus; ++i) {
    for (const JpegRequantisation* by : mcu) {
      *masks++ = requantise_block(*by, blocks);
      blocks += kJpegBlockSize;
    }
  }
}

}  // namespace imgmill::codec_worker::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace imgmill::codec_worker {
namespace {

// The average and the two lowest frequencies: a wrong one shows.
constexpr int kExactMax = 2;
// Of finer sources few values are ties.
constexpr int kManyTies = 4;
constexpr int kDividendMax = (1 << 14) - 1;
// What baseline codes hold: 10 bits of AC; DC is coded by differences of 11.
constexpr int kAcMax = 1'023;
constexpr int kDcMax = 1'024;

// `shift` is such that 2^shift is not less than the divisor, and one at least: then
// ceil(2^(14 + shift) / divisor) divides 14 bits exactly.
int division_shift(int divisor) {
  return std::max(1, static_cast<int>(std::bit_width(static_cast<unsigned>(divisor - 1))));
}

}  // namespace

double JpegRounding::zero_below_at(int k) const { return k <= kExactMax ? 0.5 : zero_below; }

bool JpegRounding::ties_fall_at(int k) const { return k > kExactMax && ties_fall; }

JpegRequantisation JpegRequantisation::make(const JpegSteps& source, const JpegSteps& target,
                                            const JpegRounding& rounding) {
  static_assert(std::endian::native == std::endian::little, "masks are read as bytes");
  JpegRequantisation out;
  for (std::size_t k = 0; k < kJpegBlockSize; ++k) {
    const bool same = source[k] == target[k];
    const int from = same ? 1 : source[k];
    const int to = same ? 1 : target[k];
    const auto frequency = static_cast<int>(k);
    const bool fall = rounding.ties_fall_at(frequency) && to < kManyTies * from;
    const int half = fall ? (to - 1) / 2 : to / 2;
    const int offset = same ? 0 : half;
    const double least = same ? 0 : rounding.zero_below_at(frequency) * to / from;
    const int result_max = k == 0 ? kDcMax : kAcMax;
    const int dividend_max = std::min(kDividendMax, result_max * to + to - 1);
    const int shift = division_shift(to);
    out.limit[k] = static_cast<std::uint16_t>((dividend_max - offset) / from);
    out.source[k] = static_cast<std::uint16_t>(from * 4);
    out.offset[k] = static_cast<std::uint16_t>(offset * 4);
    out.inverse[k] = static_cast<std::uint16_t>(((1 << (14 + shift)) + to - 1) / to);
    out.scale[k] = static_cast<std::uint16_t>(1 << (16 - shift));
    out.dropped[k] = static_cast<std::uint16_t>(std::max(0.0, std::ceil(least) - 1));
  }
  return out;
}

HWY_EXPORT(requantise_blocks);

void requantise_jpeg_blocks(std::span<const JpegRequantisation* const> mcu, int mcus,
                            JpegCoefficient* blocks, std::uint64_t* masks) {
  HWY_DYNAMIC_DISPATCH(requantise_blocks)(mcu, mcus, blocks, masks);
}

}  // namespace imgmill::codec_worker
#endif
