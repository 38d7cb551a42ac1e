#include "codec_worker/choose/likeness.h"

#include <algorithm>
#include <cmath>

#include "codec_worker/formats/jpeg_block.h"

namespace imgmill::codec_worker {
namespace {

// All fitted together, on photographs (docs/codec.md). How well a frequency is seen; where it has
// fallen by half, in half cycles of a block.
constexpr double kSeenHalf = 3.0;
constexpr double kSeenFall = 1.15;
// Of a block's average, which weighs more than it is seen: its error is that of larger shapes too.
constexpr double kAverageSeen = 1.13;
constexpr double kChromaSeen = 0.093;  // beside luma
constexpr double kChromaAverageSeen = 0.42;
constexpr double kQuiet = 100;  // goes on in every block, as it were

BlockCoefficients weights_of(double share, double average) {
  BlockCoefficients out{};
  for (std::size_t k = 1; k < out.size(); ++k) {
    const double frequency = std::hypot(kJpegZigzag[k] % 8, kJpegZigzag[k] / 8);
    out[k] =
        static_cast<float>(share / std::pow(1 + std::pow(frequency / kSeenHalf, 2), kSeenFall));
  }
  out[0] = static_cast<float>(average);
  return out;
}

// How much an error of each coefficient weighs; the average is no activity.
struct Weights {
  std::array<BlockCoefficients, 2> of_plane{weights_of(1, kAverageSeen),
                                            weights_of(kChromaSeen, kChromaAverageSeen)};
  BlockCoefficients activity = weights_of(1, 0);
};

const Weights& weights() {
  static const Weights kept;
  return kept;
}

// Eight sums at once, which is what a vector unit does.
template <class Term>
float sum_of(const Term& term) {
  std::array<float, 8> sums{};
  for (std::size_t k = 0; k < kBlockCoefficients; k += sums.size()) {
    for (std::size_t lane = 0; lane < sums.size(); ++lane) sums[lane] += term(k + lane);
  }
  float sum = 0;
  for (const float one : sums) sum += one;
  return sum;
}

}  // namespace

SourceBlock::SourceBlock(BlockPlane plane, const BlockCoefficients& coefficients)
    : coefficients_(coefficients), plane_(plane) {
  const float* seen = weights().activity.data();
  const float* source = coefficients_.data();
  const float activity = sum_of([=](std::size_t k) { return seen[k] * source[k] * source[k]; });
  share_ = 1 / std::sqrt(static_cast<float>(kQuiet) + activity);
}

double SourceBlock::difference(const BlockCoefficients& other) const {
  const float* seen = weights().of_plane[static_cast<std::size_t>(plane_)].data();
  const float* one = coefficients_.data();
  const float* two = other.data();
  return share_ * sum_of([=](std::size_t k) {
           const float difference = one[k] - two[k];
           return seen[k] * difference * difference;
         });
}

void SourceBlocks::add(BlockPlane plane, const BlockCoefficients& coefficients) {
  blocks_.emplace_back(plane, coefficients);
  ++counts_[static_cast<std::size_t>(plane)];
}

double SourceBlocks::score(const std::array<double, 2>& sums, const LossCurve& curve) const {
  const auto mean = [&](std::size_t plane) {
    return sums[plane] / static_cast<double>(std::max<std::size_t>(counts_[plane], 1));
  };
  // The two planes of chroma are in one mean.
  const double loss = mean(0) + 2 * mean(1);
  return std::max(0.0, kLikenessOfTheSame - curve.scale * std::pow(loss, curve.power));
}

}  // namespace imgmill::codec_worker
