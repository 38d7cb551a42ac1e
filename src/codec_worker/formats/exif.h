// EXIF, of which only the orientation survives: reads it, and writes a block that holds nothing
// else.
#pragma once

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker {

// EXIF's orientation, 1..8, of a TIFF block ("II*\0…" or "MM\0*…"), also behind "Exif\0\0"; 1 when
// there is none or the block is broken.
[[nodiscard]] int orientation_of(Bytes exif);

// A TIFF block with only the orientation of `exif`; empty when that is 1, because nothing needs to
// be said then. Never longer than `exif`.
[[nodiscard]] Buffer only_orientation(Bytes exif);

}  // namespace imgmill::codec_worker
