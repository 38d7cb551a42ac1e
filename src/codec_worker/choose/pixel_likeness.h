// How much a picture looks like another of its size, sample by sample: both are taken apart into
// the blocks of likeness.h.
//
// One thread.
#pragma once

#include "codec_worker/choose/likeness.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

class PixelLikeness {
 public:
  // What is see-through lies on white. A picture of less than a block has no blocks: everything is
  // alike to it.
  explicit PixelLikeness(const Pixmap& source);

  // `other` is of the source's size, in any model.
  [[nodiscard]] double of(const Pixmap& other) const;

 private:
  SourceBlocks blocks_;
};

}  // namespace imgmill::codec_worker
