// How much a picture still looks like its source, as a number on SSIMULACRA2's scale: 100 is the
// same, 90 hardly to be told apart, 70 good, 50 middling. Made to be quick: differences of the
// coefficients of 8 × 8 blocks, weighted by how well their frequency is seen, divided by how much
// goes on in the block. Fitted to the real metric on photographs (docs/codec.md).
//
// Pure; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace imgmill::codec_worker {

inline constexpr double kLikenessOfTheSame = 100;

inline constexpr std::size_t kBlockCoefficients = 64;
// Of the orthonormal DCT of 8 × 8 samples of 0..255, in zigzag order: what JPEG has.
using BlockCoefficients = std::array<float, kBlockCoefficients>;

// How the loss that is measured becomes what is seen: 100 - scale × loss ^ power. Fitted for each
// kind of loss.
struct LossCurve {
  double scale;
  double power;
};
// Coefficients of a JPEG made coarser with a dead zone: detail goes.
inline constexpr LossCurve kRequantisedLoss{.scale = 12.745, .power = 0.4863};
// Coders that work on pixels (JPEG, WebP, AVIF): for the same loss some of it is noise, which shows
// less.
inline constexpr LossCurve kCodedLoss{.scale = 10.4, .power = 0.5462};

enum class BlockPlane { kLuma, kChroma };

// A block of the source, ready to be compared with again and again.
class SourceBlock {
 public:
  SourceBlock(BlockPlane plane, const BlockCoefficients& coefficients);

  [[nodiscard]] BlockPlane plane() const { return plane_; }
  // The weighted square of the difference.
  [[nodiscard]] double difference(const BlockCoefficients& other) const;

 private:
  alignas(64) BlockCoefficients coefficients_;
  BlockPlane plane_;
  float share_;  // of a difference that is seen beside what goes on in the block
};

// Blocks of a picture. Luma in its full resolution, chroma halved or full.
class SourceBlocks {
 public:
  void add(BlockPlane plane, const BlockCoefficients& coefficients);
  [[nodiscard]] std::size_t size() const { return blocks_.size(); }

  // `others(i)` is the i-th block as the rendition has it.
  template <class Others>
  [[nodiscard]] double likeness(const LossCurve& curve, const Others& others) const {
    std::array<double, 2> sums{};
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      sums[static_cast<std::size_t>(blocks_[i].plane())] += blocks_[i].difference(others(i));
    }
    return score(sums, curve);
  }

 private:
  [[nodiscard]] double score(const std::array<double, 2>& sums, const LossCurve& curve) const;

  std::vector<SourceBlock> blocks_;
  std::array<std::size_t, 2> counts_{};  // of each plane
};

}  // namespace imgmill::codec_worker
