#include "codec_worker/formats/jpeg_chroma_halver.h"

#include <bit>
#include <cmath>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec_worker/formats/jpeg_chroma_halver.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace imgmill::codec_worker::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Multiplications and additions stay apart everywhere: fused ones round differently, and all
// processors are to give the same bytes.
using Row = hn::CappedTag<float, 8>;
using Square = JpegChromaHalving::Square;

inline std::uint64_t non_zero(const JpegCoefficient* block) {
  const hn::CappedTag<JpegCoefficient, kJpegBlockSize> lanes;
  std::array<std::uint8_t, 8> mask{};
  for (std::size_t k = 0; k < kJpegBlockSize; k += hn::Lanes(lanes)) {
    hn::StoreMaskBits(lanes, hn::Ne(hn::LoadU(lanes, block + k), hn::Zero(lanes)), &mask[k / 8]);
  }
  return std::bit_cast<std::uint64_t>(mask);
}

// Dequantised, by columns. Returns which columns are not all zero.
inline unsigned spread(const JpegCoefficient* block, const Square& steps, Square& out) {
  out.fill(0);
  unsigned columns = 0;
  for (std::uint64_t mask = non_zero(block); mask != 0; mask &= mask - 1) {
    const auto k = static_cast<std::size_t>(std::countr_zero(mask));
    const unsigned x = kJpegZigzag[k] % 8U;
    const unsigned y = kJpegZigzag[k] / 8U;
    out[x * 8 + y] = static_cast<float>(block[k]) * steps[k];
    columns |= 1U << x;
  }
  return columns;
}

// Halves across rows: out row u = Σ over v of map[u][v] × (first[v] ± second[v]), where the second
// block counts negative when u + v is odd, being the mirror image of the first. `rows` says which v
// are not all zero.
inline void halve(const Square& map, const Square& first, const Square& second, unsigned rows,
                  Square& out) {
  const Row lanes;
  for (std::size_t lane = 0; lane < 8; lane += hn::Lanes(lanes)) {
    std::array<std::remove_const_t<decltype(hn::Zero(lanes))>, 8> sums;
    for (auto& sum : sums) sum = hn::Zero(lanes);
    for (unsigned left = rows; left != 0; left &= left - 1) {
      const auto v = static_cast<std::size_t>(std::countr_zero(left));
      const auto a = hn::Load(lanes, &first[v * 8 + lane]);
      const auto b = hn::Load(lanes, &second[v * 8 + lane]);
      const auto even = v % 2 == 0 ? hn::Add(a, b) : hn::Sub(a, b);
      const auto odd = v % 2 == 0 ? hn::Sub(a, b) : hn::Add(a, b);
      for (std::size_t u = 0; u < 8; ++u) {
        const auto factor = hn::Set(lanes, map[u * 8 + v]);
        sums[u] = hn::Add(sums[u], hn::Mul(factor, u % 2 == 0 ? even : odd));
      }
    }
    for (std::size_t u = 0; u < 8; ++u) hn::Store(sums[u], lanes, &out[u * 8 + lane]);
  }
}

inline void transpose(const Square& in, Square& out) {
  const hn::FixedTag<float, 4> lanes;
  for (std::size_t y = 0; y < 8; y += 4) {
    for (std::size_t x = 0; x < 8; x += 4) {
      const auto a = hn::Load(lanes, &in[y * 8 + x]);
      const auto b = hn::Load(lanes, &in[y * 8 + 8 + x]);
      const auto c = hn::Load(lanes, &in[y * 8 + 16 + x]);
      const auto d = hn::Load(lanes, &in[y * 8 + 24 + x]);
      const auto ac_low = hn::InterleaveLower(lanes, a, c);
      const auto ac_high = hn::InterleaveUpper(lanes, a, c);
      const auto bd_low = hn::InterleaveLower(lanes, b, d);
      const auto bd_high = hn::InterleaveUpper(lanes, b, d);
      hn::Store(hn::InterleaveLower(lanes, ac_low, bd_low), lanes, &out[x * 8 + y]);
      hn::Store(hn::InterleaveUpper(lanes, ac_low, bd_low), lanes, &out[x * 8 + 8 + y]);
      hn::Store(hn::InterleaveLower(lanes, ac_high, bd_high), lanes, &out[x * 8 + 16 + y]);
      hn::Store(hn::InterleaveUpper(lanes, ac_high, bd_high), lanes, &out[x * 8 + 24 + y]);
    }
  }
}

// By rows, as the coefficients are.
inline void quantise(const JpegChromaHalving& by, const Square& in, JpegCoefficient* out) {
  const Row lanes;
  const hn::Rebind<std::int32_t, Row> integers;
  const hn::Rebind<JpegCoefficient, Row> halves;
  const auto half = hn::Set(lanes, 0.5F);   // to the nearest step
  const auto most = hn::Set(lanes, 1'023);  // what baseline codes hold
  for (std::size_t k = 0; k < kJpegBlockSize; k += hn::Lanes(lanes)) {
    const auto value = hn::Load(lanes, &in[k]);
    const auto steps = hn::Mul(hn::Abs(value), hn::Load(lanes, &by.inverse[k]));
    const auto moved = hn::Min(hn::Add(steps, half), most);
    const auto size = hn::ConvertTo(integers, moved);
    const auto sign = hn::BroadcastSignBit(hn::BitCast(integers, value));
    const auto result = hn::Sub(hn::Xor(size, sign), sign);
    hn::Store(hn::DemoteTo(halves, result), halves, out + k);
  }
}

inline std::uint64_t into_zigzag(const JpegCoefficient* by_rows, JpegCoefficient* out) {
  constexpr auto kPlaces = [] {
    std::array<std::uint8_t, kJpegBlockSize> places{};
    for (std::uint8_t k = 0; k < kJpegBlockSize; ++k) places[kJpegZigzag[k]] = k;
    return places;
  }();
  std::uint64_t mask = 0;
  for (int k = 0; k < kJpegBlockSize; ++k) out[k] = 0;
  for (std::uint64_t left = non_zero(by_rows); left != 0; left &= left - 1) {
    const auto place = static_cast<std::size_t>(std::countr_zero(left));
    out[kPlaces[place]] = by_rows[place];
    mask |= std::uint64_t{1} << kPlaces[place];
  }
  return mask;
}

void halve_chroma(const JpegChromaHalving& by, const JpegCoefficient* upper,
                  const JpegCoefficient* lower, int count, JpegCoefficient* out,
                  std::uint64_t* masks) {
  constexpr std::ptrdiff_t kPair = 2 * kJpegBlockSize;
  alignas(64) Square left;
  alignas(64) Square right;
  alignas(64) Square above;
  alignas(64) Square below;
  alignas(64) Square halved;
  alignas(64) std::array<JpegCoefficient, kJpegBlockSize> by_rows;
  const auto across = [&](const JpegCoefficient* pair, Square& to) {
    unsigned columns = spread(pair, by.steps, left);
    columns |= spread(pair + kJpegBlockSize, by.steps, right);
    halve(by.map, left, right, columns, halved);
    transpose(halved, to);
  };
  for (int i = 0; i < count; ++i, upper += kPair, lower += kPair, out += kJpegBlockSize) {
    across(upper, above);
    across(lower, below);
    halve(by.map, above, below, 0xff, halved);
    quantise(by, halved, by_rows.data());
    masks[i] = into_zigzag(by_rows.data(), out);
  }
}

}  // namespace imgmill::codec_worker::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace imgmill::codec_worker {
namespace {

// The x-th sample of the u-th cosine of 8, of length one.
double cosine(int u, int x) {
  const double scale = u == 0 ? std::sqrt(1.0 / 8) : 0.5;
  return scale * std::cos((2 * x + 1) * u * std::numbers::pi / 16);
}

}  // namespace

JpegChromaHalving JpegChromaHalving::make(const JpegSteps& source, const JpegSteps& target) {
  JpegChromaHalving out;
  for (std::size_t k = 0; k < kJpegBlockSize; ++k) {
    const std::size_t place = kJpegZigzag[k];
    out.steps[k] = source[k];
    out.inverse[place] = 1.0F / static_cast<float>(target[k]);
  }
  // Inverse transform of the left block, average of pairs, transform of the four as the left half.
  for (int u = 0; u < 8; ++u) {
    for (int v = 0; v < 8; ++v) {
      double sum = 0;
      for (int x = 0; x < 4; ++x) {
        sum += cosine(u, x) * (cosine(v, 2 * x) + cosine(v, 2 * x + 1)) / 2;
      }
      out.map[static_cast<std::size_t>(u) * 8 + static_cast<std::size_t>(v)] =
          static_cast<float>(sum);
    }
  }
  return out;
}

HWY_EXPORT(halve_chroma);

void halve_jpeg_chroma(const JpegChromaHalving& by, const JpegCoefficient* upper,
                       const JpegCoefficient* lower, int count, JpegCoefficient* out,
                       std::uint64_t* masks) {
  HWY_DYNAMIC_DISPATCH(halve_chroma)(by, upper, lower, count, out, masks);
}

}  // namespace imgmill::codec_worker
#endif
