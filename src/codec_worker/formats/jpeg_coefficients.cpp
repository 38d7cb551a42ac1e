#include "codec_worker/formats/jpeg_coefficients.h"

#include <algorithm>
#include <new>

namespace imgmill::codec_worker {
namespace {

// Zeros that the system hands out as they are touched.
void* zeros(std::size_t count, std::size_t size) {
  void* memory = std::calloc(count, size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

std::size_t block_count(int across, int down) {
  return static_cast<std::size_t>(across) * static_cast<std::size_t>(down);
}

}  // namespace

JpegPlane::JpegPlane(int blocks_across, int blocks_down) : across_(blocks_across) {
  const std::size_t blocks = block_count(blocks_across, blocks_down);
  averages_.reset(static_cast<JpegCoefficient*>(zeros(blocks, sizeof(JpegCoefficient))));
  coefficients_.reset(
      static_cast<JpegCoefficient*>(zeros(blocks, kJpegBlockSize * sizeof(JpegCoefficient))));
  masks_.reset(static_cast<std::uint64_t*>(zeros(blocks, sizeof(std::uint64_t))));
}

void JpegPlane::set(int x, int y, const JpegCoefficient* from) {
  std::uint64_t mask = 0;
  for (std::size_t k = 1; k < kJpegBlockSize; ++k) {
    mask |= std::uint64_t{from[k] != 0} << k;
  }
  average(x, y) = from[0];
  if ((mask | *this->mask(x, y)) != 0) std::copy_n(from, kJpegBlockSize, block(x, y));
  *this->mask(x, y) = mask;
}

std::uint64_t JpegCoefficients::bytes_of(const JpegFrame& frame) {
  const std::uint64_t mcus = block_count(frame.mcus_across(), frame.mcus_down());
  constexpr std::uint64_t kBlockBytes =
      (1 + kJpegBlockSize) * sizeof(JpegCoefficient) + sizeof(std::uint64_t);
  return mcus * static_cast<std::uint64_t>(frame.blocks_per_mcu()) * kBlockBytes;
}

JpegCoefficients::JpegCoefficients(const JpegFrame& frame) {
  for (int i = 0; i < frame.component_count; ++i) {
    const auto& component = frame.components[static_cast<std::size_t>(i)];
    planes_[static_cast<std::size_t>(i)].emplace(frame.mcus_across() * component.h,
                                                 frame.mcus_down() * component.v);
  }
}

JpegStoredMcus::JpegStoredMcus(const JpegFrame& frame, const JpegCoefficients& coefficients)
    : frame_(frame), coefficients_(coefficients) {
  for (int i = 0; i < frame.component_count; ++i) {
    across_[static_cast<std::size_t>(i)] = frame.blocks_across(i);
    down_[static_cast<std::size_t>(i)] = frame.blocks_down(i);
  }
}

int JpegStoredMcus::next(int most, JpegCoefficient* blocks) {
  const int across = frame_.mcus_across();
  const int blocks_per_mcu = frame_.blocks_per_mcu();
  int mcus = 0;
  for (; mcus < most && y_ < frame_.mcus_down(); ++mcus) {
    copy_mcu(blocks);
    blocks += blocks_per_mcu * kJpegBlockSize;
    if (++x_ == across) {
      x_ = 0;
      ++y_;
    }
  }
  return mcus;
}

void JpegStoredMcus::copy_mcu(JpegCoefficient* blocks) {
  for (int i = 0; i < frame_.component_count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto& component = frame_.components[at];
    const JpegPlane& plane = coefficients_.plane(i);
    JpegCoefficient& average = averages_[at];
    for (int v = 0; v < component.v; ++v) {
      for (int h = 0; h < component.h; ++h, blocks += kJpegBlockSize) {
        const int x = x_ * component.h + h;
        const int y = y_ * component.v + v;
        const bool pads = x >= across_[at] || y >= down_[at];
        if (!pads && plane.mask(x, y) != 0) {
          std::copy_n(plane.block(x, y), kJpegBlockSize, blocks);
        } else {
          std::fill_n(blocks, kJpegBlockSize, JpegCoefficient{0});
        }
        if (!pads) average = plane.average(x, y);
        blocks[0] = average;
      }
    }
  }
}

}  // namespace imgmill::codec_worker
