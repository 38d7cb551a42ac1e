// The shortest Huffman codes for what was counted.
#pragma once

#include <array>
#include <cstdint>

#include "codec_worker/formats/jpeg_header.h"
#include "codec_worker/formats/jpeg_symbols.h"

namespace imgmill::codec_worker {

// Codes of at most 16 bits for the symbols that occur in `table`, none of them all ones (T.81,
// K.2). One code at least, because a table may not be empty.
[[nodiscard]] JpegHuffmanCodes best_jpeg_codes(const JpegSymbolCounts& counts, int table);

// What is written for a symbol: its code, with zeros in the place of the bits that follow it.
struct JpegCodeWord {
  std::uint32_t code = 0;
  std::uint32_t length = 0;  // with the bits that follow
};

class JpegCodeBook {
 public:
  explicit JpegCodeBook(const JpegSymbolCounts& counts);

  [[nodiscard]] const JpegHuffmanCodes& codes(int table) const {
    return codes_[static_cast<std::size_t>(table)];
  }
  [[nodiscard]] const JpegCodeWord& word(JpegSymbol symbol) const { return words_[symbol >> 16]; }
  // Of all that was counted, without stuffing.
  [[nodiscard]] std::uint64_t coded_bits() const { return coded_bits_; }

 private:
  std::array<JpegHuffmanCodes, kJpegCodeTables> codes_{};
  std::array<JpegCodeWord, kJpegCodeTables * 256> words_{};
  std::uint64_t coded_bits_ = 0;
};

}  // namespace imgmill::codec_worker
