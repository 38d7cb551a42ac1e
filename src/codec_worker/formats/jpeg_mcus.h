// The MCUs of a source in the order of the picture, as coefficients with the source's steps,
// however they are coded: the front of the requantiser.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "codec_worker/formats/jpeg_block_decoder.h"

namespace imgmill::codec_worker {

class JpegMcus {
 public:
  JpegMcus() = default;
  JpegMcus(const JpegMcus&) = default;
  JpegMcus& operator=(const JpegMcus&) = delete;
  virtual ~JpegMcus() = default;

  // Writes the next `most` MCUs or fewer to `blocks`, which has room for them and kJpegScribble
  // coefficients more; returns how many, 0 behind the last. `most` is 1 to kJpegMcusAtOnce.
  [[nodiscard]] virtual int next(int most, JpegCoefficient* blocks) = 0;
  // Goes on from here for itself.
  [[nodiscard]] virtual std::unique_ptr<JpegMcus> clone() const = 0;
};

// Room for what next() writes.
struct JpegMcuRoom {
  alignas(64) std::array<JpegCoefficient, kJpegMcusAtOnce * kJpegBlocksPerMcuMax * kJpegBlockSize +
                                              kJpegScribble> blocks;
};

}  // namespace imgmill::codec_worker
