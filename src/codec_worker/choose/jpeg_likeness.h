// How much a JPEG will look like its source when it is requantised, for any quality, without
// coding one: some thousand blocks of the source are kept, and what becomes of their coefficients
// is compared with what they were.
//
// One thread. Bytes are from outside.
#pragma once

#include <optional>
#include <vector>

#include "codec_worker/choose/likeness.h"
#include "codec_worker/formats/jpeg_source.h"

namespace imgmill::codec_worker {

class JpegLikeness {
 public:
  // nullopt: not for the requantiser, or broken.
  [[nodiscard]] static std::optional<JpegLikeness> of(Bytes source);

  [[nodiscard]] double at(int quality) const;

 private:
  explicit JpegLikeness(const JpegSource& source);
  // Whether there were picture data.
  [[nodiscard]] bool read(JpegSource& source);
  void keep(const JpegCoefficient* mcu);
  [[nodiscard]] bool is_halved(int component, int quality) const;

  JpegFrame frame_;
  JpegColours colours_;
  std::array<JpegSteps, kJpegComponentsMax> steps_;
  std::vector<int> places_;  // the component of each block of an MCU
  std::vector<JpegCoefficient> coefficients_;
  SourceBlocks blocks_;
};

}  // namespace imgmill::codec_worker
