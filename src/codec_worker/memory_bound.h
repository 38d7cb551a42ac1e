// How much memory a picture will need at the peak of its way through the child, told from its
// header: what needs more than kWorkBytesMax is refused before anything is decoded. The numbers
// were measured on pictures of 16 and 100 megapixels (docs/codec.md), and memory_bound_test holds
// them against real use.
//
// Values only. One thread.
#pragma once

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// Program and libraries included, and what of the arena is used.
inline constexpr std::uint64_t kWorkBytesMax = 400'000'000;

struct WorkPlan {
  PictureInfo source;
  std::uint64_t source_bytes = 0;
  std::optional<PictureFormat> format;  // nullopt: source's own, its size stays too
  PixelSize size;                       // of the rendition
  bool chooses_quality = false;         // from the picture: it is looked at before it is coded
};

// At most so many bytes.
[[nodiscard]] std::uint64_t work_bytes(const WorkPlan& plan);

// kTooManyPixels with the limit and what helps.
[[nodiscard]] Outcome<void> check_memory(const WorkPlan& plan);

}  // namespace imgmill::codec_worker
