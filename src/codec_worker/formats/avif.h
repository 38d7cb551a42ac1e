// AVIF: decoded by dav1d and coded by libaom, each in this one thread, through libheif's container.
//
// One thread. Bytes are from outside.
#pragma once

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

// Once, before the sandbox closes. Without it decoding would start threads.
void warm_up_avif();

// From the item's properties; sizes are as shown. kCorruptImage; kUnsupportedFormat for several
// pictures in one file.
[[nodiscard]] Outcome<PictureInfo> inspect_avif(Bytes source);

// An AVIF at `quality` (1..100), upright, with the source's colour profile and exact alpha.
// kCorruptImage.
[[nodiscard]] Outcome<Buffer> compress_avif(Bytes source, int quality);

// The source with its metadata items blanked where they stand, so that no offset moves.
// kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_avif(Bytes source);

}  // namespace imgmill::codec_worker
