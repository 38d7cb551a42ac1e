// Sequential Huffman decoding, block by block: where a requantised JPEG spends most of its time.
#pragma once

#include <array>
#include <span>

#include "codec_worker/formats/jpeg_block.h"
#include "codec_worker/formats/jpeg_huffman_decoder.h"

namespace imgmill::codec_worker {

// What a block at a place of the MCU is decoded with.
struct JpegBlockCoding {
  int component = 0;
  const JpegDcTable* dc = nullptr;
  const JpegAcTable* ac = nullptr;
};
// One MCU, block by block.
using JpegMcuCoding = std::span<const JpegBlockCoding>;
// The DC value of the block before, of each component.
using JpegPredictions = std::array<int, kJpegComponentsMax>;

// A block is 16 + 15 bits of DC and 63 times as much of AC at most.
inline constexpr std::size_t kJpegBlockBytesMax = 64 * 31 / 8 + 1;
// The decoder scribbles on that many coefficients behind the last block.
inline constexpr std::size_t kJpegScribble = 128;

// Decodes `mcus` MCUs into `blocks`. Makes of bad codes what libjpeg makes of them, so that it
// never fails; the caller sees to it that kJpegBlockBytesMax a block and 8 bytes more can be read.
void decode_jpeg_mcus(JpegBits& bits, JpegMcuCoding coding, int mcus, JpegPredictions& predictions,
                      JpegCoefficient* blocks);

}  // namespace imgmill::codec_worker
