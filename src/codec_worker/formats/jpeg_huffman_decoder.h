// Huffman tables made ready for decoding. Most codes are read with one look into a table, of AC
// often two with their values at once; the long ones go by length.
#pragma once

#include <array>
#include <cstdint>

#include "codec_worker/formats/jpeg_bit_reader.h"
#include "codec_worker/formats/jpeg_header.h"

namespace imgmill::codec_worker {

// Codes of every length, told by comparing: for codes that are too long for the tables below, and
// for what is no code at all.
class JpegCodeLengths {
 public:
  // False when the counts make no prefix code.
  [[nodiscard]] bool build(const JpegHuffmanCodes& codes);
  // Takes a code; 17 bits and symbol 0 for what is none, as libjpeg does. Needs 17 bits.
  [[nodiscard]] std::uint8_t take(JpegBits& bits) const;

 private:
  std::array<std::uint32_t, 18> ends_{};  // by length: the first 16 bits beyond its codes
  std::array<int, 17> offsets_{};         // from a code of that length to its symbol
  std::array<std::uint8_t, 256> symbols_{};
};

// A symbol by the next bits.
template <int kBits>
class JpegSymbolTable {
 public:
  [[nodiscard]] bool build(const JpegHuffmanCodes& codes);
  // Needs 17 bits.
  [[nodiscard]] std::uint8_t take(JpegBits& bits) const {
    const Entry entry = entries_[bits.peek(kBits)];
    if (entry.length == 0) [[unlikely]] {
      JpegBits spilled = bits;  // so that `bits` may stay in registers
      const std::uint8_t symbol = lengths_.take(spilled);
      bits = spilled;
      return symbol;
    }
    bits.drop(entry.length);
    return entry.symbol;
  }
  // Of the code that begins `window`, kBits bits; 0: longer than those.
  [[nodiscard]] int length_at(std::uint32_t window) const { return entries_[window].length; }

 private:
  friend class JpegAcTable;
  struct Entry {
    std::uint8_t length = 0;  // 0: longer than kBits
    std::uint8_t symbol = 0;
  };

  JpegCodeLengths lengths_;
  std::array<Entry, 1U << kBits> entries_{};
};

inline constexpr int kJpegDcBits = 9;
inline constexpr int kJpegAcBits = 11;
extern template class JpegSymbolTable<kJpegDcBits>;
extern template class JpegSymbolTable<kJpegAcBits>;

using JpegDcTable = JpegSymbolTable<kJpegDcBits>;
// DC symbols are sizes: 0 to 15 bits.
[[nodiscard]] bool are_jpeg_dc_codes(const JpegHuffmanCodes& codes);

// How an end of block moves the place of the last coefficient: behind all that a run reaches.
inline constexpr int kJpegEndOfBlock = 96;

// What the next 11 bits of AC data hold: up to two coefficients, each as the step from the one
// before and its value. When the value's last bits lie beyond the 11, there is one coefficient,
// `value` is what it is with zeros for them, and `beyond` says how many are missing.
struct JpegAcEntry {
  std::uint8_t length = 0;  // of all, in bits; 0: a code that is too long
  std::uint8_t step = 0;    // to the first: 1..16, or kJpegEndOfBlock
  std::uint8_t steps = 0;   // to the last
  std::uint8_t first_length : 4 = 0;
  std::uint8_t beyond : 4 = 0;
  std::int16_t value = 0;  // of the first
  std::int16_t last_value = 0;
};
static_assert(sizeof(JpegAcEntry) == 8);

class JpegAcTable {
 public:
  [[nodiscard]] bool build(const JpegHuffmanCodes& codes);
  [[nodiscard]] const JpegAcEntry* entries() const { return entries_.data(); }
  // For the long codes, and for progressive scans: run and size.
  [[nodiscard]] std::uint8_t take_symbol(JpegBits& bits) const { return symbols_.take(bits); }

 private:
  [[nodiscard]] JpegAcEntry single(std::uint32_t window) const;
  void pair_up();

  JpegSymbolTable<kJpegAcBits> symbols_;
  std::array<JpegAcEntry, 1U << kJpegAcBits> entries_{};
};

}  // namespace imgmill::codec_worker
