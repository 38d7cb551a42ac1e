// Everything of a rendition before its coded data.
#pragma once

#include <array>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/jpeg_header.h"
#include "codec_worker/formats/jpeg_huffman_encoder.h"

namespace imgmill::codec_worker {

struct JpegRenditionHead {
  JpegFrame frame;
  JpegColours colours = JpegColours::kYcc;
  bool has_adobe = false;  // of CMYK and YCCK: as the source
  JpegDensity density;
  Buffer metadata;  // whole segments
  std::array<JpegSteps, kJpegComponentsMax> steps{};
};

// One interleaved scan; SOF0, or SOF1 when a step needs 16 bits. Components get the ids that belong
// to the colours, so that nobody has to guess these.
void append_jpeg_head(Buffer& out, const JpegRenditionHead& head, const JpegCodeBook& book);
void append_jpeg_end(Buffer& out);

}  // namespace imgmill::codec_worker
