// All coefficients of a picture at once: for sources whose scans have parts of them only.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>

#include "codec_worker/formats/jpeg_header.h"
#include "codec_worker/formats/jpeg_mcus.h"

namespace imgmill::codec_worker {

// The blocks of one component, padded to whole MCUs. Averages (DC) stand by themselves: they are
// there for every block, while many have no details. Memory that nothing is written to is not used
// up.
class JpegPlane {
 public:
  // Throws std::bad_alloc.
  JpegPlane(int blocks_across, int blocks_down);

  [[nodiscard]] JpegCoefficient& average(int x, int y) { return averages_.get()[index(x, y)]; }
  [[nodiscard]] JpegCoefficient average(int x, int y) const { return averages_.get()[index(x, y)]; }
  // Its average is not the block's. Side by side there follow the blocks to the right.
  [[nodiscard]] JpegCoefficient* block(int x, int y) {
    return coefficients_.get() + index(x, y) * kJpegBlockSize;
  }
  [[nodiscard]] const JpegCoefficient* block(int x, int y) const {
    return coefficients_.get() + index(x, y) * kJpegBlockSize;
  }
  // Of a block: bit k tells that the k-th coefficient is not zero.
  [[nodiscard]] std::uint64_t* mask(int x, int y) { return masks_.get() + index(x, y); }
  [[nodiscard]] std::uint64_t mask(int x, int y) const { return masks_.get()[index(x, y)]; }

  // A whole block at once.
  void set(int x, int y, const JpegCoefficient* block);

 private:
  [[nodiscard]] std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(across_) +
           static_cast<std::size_t>(x);
  }

  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  int across_;
  std::unique_ptr<JpegCoefficient[], Free> averages_;
  std::unique_ptr<JpegCoefficient[], Free> coefficients_;
  std::unique_ptr<std::uint64_t[], Free> masks_;
};

class JpegCoefficients {
 public:
  // What a picture takes: 325 MB hold 100 megapixels in 4:2:0.
  [[nodiscard]] static std::uint64_t bytes_of(const JpegFrame& frame);

  explicit JpegCoefficients(const JpegFrame& frame);

  [[nodiscard]] JpegPlane& plane(int component) {
    return *planes_[static_cast<std::size_t>(component)];
  }
  [[nodiscard]] const JpegPlane& plane(int component) const {
    return *planes_[static_cast<std::size_t>(component)];
  }

 private:
  std::array<std::optional<JpegPlane>, kJpegComponentsMax> planes_;
};

// Gives out what scans have put together. Blocks that pad the picture get the average of their
// neighbour to the left or above: they cost least so.
class JpegStoredMcus final : public JpegMcus {
 public:
  // Both outlive it.
  JpegStoredMcus(const JpegFrame& frame, const JpegCoefficients& coefficients);

  int next(int most, JpegCoefficient* blocks) override;
  [[nodiscard]] std::unique_ptr<JpegMcus> clone() const override {
    return std::make_unique<JpegStoredMcus>(*this);
  }

 private:
  void copy_mcu(JpegCoefficient* blocks);

  const JpegFrame& frame_;
  const JpegCoefficients& coefficients_;
  // Blocks of each component that hold a part of the picture.
  std::array<int, kJpegComponentsMax> across_{};
  std::array<int, kJpegComponentsMax> down_{};
  int x_ = 0;
  int y_ = 0;
  std::array<JpegCoefficient, kJpegComponentsMax> averages_{};
};

}  // namespace imgmill::codec_worker
