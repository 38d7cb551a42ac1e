// Which quantisation steps a rendition gets.
#pragma once

#include "codec_worker/formats/jpeg_block.h"
#include "codec_worker/formats/jpeg_header.h"

namespace imgmill::codec_worker {

// The standard's example tables (T.81, K.1), scaled to `quality` (1..100) as libjpeg scales them,
// 1..255 each: programs tell the quality of a file from these.
[[nodiscard]] JpegSteps standard_jpeg_steps(bool chroma, int quality);

// Of each coefficient the coarser one: what the source has lost is not paid for again.
[[nodiscard]] JpegSteps coarser_jpeg_steps(const JpegSteps& source, const JpegSteps& target);

// Whether a component carries colour differences, which get the coarser table and Huffman codes of
// their own.
[[nodiscard]] bool is_jpeg_chroma(JpegColours colours, int component);

}  // namespace imgmill::codec_worker
