// The MCUs of a rendition with its own steps and sampling: the middle of the requantiser.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codec_worker/formats/jpeg_chroma_halver.h"
#include "codec_worker/formats/jpeg_header.h"
#include "codec_worker/formats/jpeg_mcus.h"
#include "codec_worker/formats/jpeg_requantiser.h"

namespace imgmill::codec_worker {

// Of each component of the rendition.
struct JpegRequantPlan {
  JpegFrame frame;  // the source's
  std::array<JpegSteps, kJpegComponentsMax> source{};
  std::array<JpegSteps, kJpegComponentsMax> target{};
  std::array<JpegRounding, kJpegComponentsMax> rounding{};
};

struct JpegQuantisedBlocks {
  int mcus = 0;
  const JpegCoefficient* blocks = nullptr;  // until the next call
  const std::uint64_t* masks = nullptr;     // which coefficients are not zero
};

class JpegQuantisedMcus {
 public:
  JpegQuantisedMcus() = default;
  JpegQuantisedMcus& operator=(const JpegQuantisedMcus&) = delete;
  virtual ~JpegQuantisedMcus() = default;

  // The next MCUs, at most kJpegMcusAtOnce; none behind the last.
  [[nodiscard]] virtual JpegQuantisedBlocks next() = 0;
  // Goes on from here for itself.
  [[nodiscard]] virtual std::unique_ptr<JpegQuantisedMcus> clone() const = 0;

 protected:
  JpegQuantisedMcus(const JpegQuantisedMcus&) = default;
};

// Every component as the source has it.
[[nodiscard]] std::unique_ptr<JpegQuantisedMcus> quantised_jpeg_mcus(
    const JpegRequantPlan& plan, std::unique_ptr<JpegMcus> source);

// Of a YCbCr source with full chroma: 2 × 2 of its MCUs become one with halved chroma.
[[nodiscard]] std::unique_ptr<JpegQuantisedMcus> halved_jpeg_mcus(const JpegRequantPlan& plan,
                                                                  std::unique_ptr<JpegMcus> source);

}  // namespace imgmill::codec_worker
