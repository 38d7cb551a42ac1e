// GIF. The indices of every frame are packed anew, in busy areas with colours near the source's;
// palettes, rectangles, delays, disposal, transparency and loop stay as they are.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

// From the block structure. kCorruptImage when it ends early.
[[nodiscard]] Outcome<PictureInfo> inspect_gif(Bytes source);

// A GIF at `quality` (1..100; from 98 on nothing changes but the packing) without comments and
// foreign application blocks. kCorruptImage.
[[nodiscard]] Outcome<Buffer> compress_gif(Bytes source, int quality);

// The source's own packed frames, as clean. kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_gif(Bytes source);

}  // namespace imgmill::codec_worker
