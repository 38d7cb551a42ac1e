// Symbols → coded data at the end of a buffer, with stuffing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/jpeg_huffman_encoder.h"

namespace imgmill::codec_worker {

class JpegBitWriter {
 public:
  // `out` outlives the writer.
  JpegBitWriter(const JpegCodeBook& book, Buffer& out);

  void write(std::span<const JpegSymbol> symbols);
  // Fills the last byte with ones.
  void finish();

 private:
  void write_some(std::span<const JpegSymbol> symbols);
  void flush(std::size_t bytes);

  const JpegCodeBook& book_;
  Buffer& out_;
  std::unique_ptr<std::uint8_t[]> plain_;  // coded data before stuffing
  std::uint64_t bits_ = 0;                 // the last ones, at the top
  int bit_count_ = 0;                      // of them: at most 7 between two calls
};

}  // namespace imgmill::codec_worker
