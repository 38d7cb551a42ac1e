// BMP, read only: Windows's headers from 1990 on and OS/2's, 1, 2, 4, 8, 16, 24 and 32 bits a
// pixel, bit fields, RLE4 and RLE8, bottom up or top down.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// From the header. kCorruptImage; kUnsupportedFormat for a JPEG or PNG in a BMP.
[[nodiscard]] Outcome<PictureInfo> inspect_bmp(Bytes source);

// Grey, RGB, or RGBA where bit fields name alpha and some is used; returns no profile.
// kCorruptImage also when data are missing.
[[nodiscard]] Outcome<Buffer> decode_bmp(Bytes source, PixelSize wanted, RowSink& sink);

}  // namespace imgmill::codec_worker
