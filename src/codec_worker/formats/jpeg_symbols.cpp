#include "codec_worker/formats/jpeg_symbols.h"

#include <bit>
#include <cstdlib>

namespace imgmill::codec_worker {
namespace {

constexpr JpegSymbol table_bits(int table) { return static_cast<JpegSymbol>(table) << 24; }
constexpr JpegSymbol kSixteenZeros = 0xf0 << 16;

// Size and bits of a value: negative ones are one less than their two's complement.
constexpr JpegSymbol coded(int value) {
  const auto magnitude = static_cast<std::uint32_t>(value < 0 ? -value : value);
  const int size = std::bit_width(magnitude);
  const auto bits = static_cast<std::uint32_t>(value < 0 ? value - 1 : value);
  return static_cast<JpegSymbol>(size) << 16 | (bits & ((1U << size) - 1));
}

// Nearly all values are small.
constexpr int kSmall = 128;
constexpr auto kCodedSmall = [] {
  std::array<JpegSymbol, 2 * kSmall> table{};
  for (int value = -kSmall; value < kSmall; ++value) {
    table[static_cast<std::size_t>(value + kSmall)] = coded(value);
  }
  return table;
}();

inline JpegSymbol coded_value(int value) {
  const auto at = static_cast<unsigned>(value + kSmall);
  if (at < kCodedSmall.size()) [[likely]] {
    return kCodedSmall[at];
  }
  return coded(value);
}

inline JpegSymbol* code_block(const JpegCoefficient* block, std::uint64_t mask, bool chroma,
                              int& prediction, JpegSymbol* out) {
  *out++ = table_bits(jpeg_dc_table(chroma)) | coded_value(block[0] - prediction);
  prediction = block[0];
  const JpegSymbol table = table_bits(jpeg_ac_table(chroma));
  int last = 0;
  for (mask &= ~std::uint64_t{1}; mask != 0; mask &= mask - 1) {
    const int at = std::countr_zero(mask);
    int run = at - last - 1;
    last = at;
    for (; run > 15; run -= 16) [[unlikely]] {
      *out++ = table | kSixteenZeros;
    }
    *out++ = table | coded_value(block[at]) | static_cast<JpegSymbol>(run) << 20;
  }
  *out = table;  // end of block, unless the last coefficient says it
  return out + (last != kJpegBlockSize - 1);
}

}  // namespace

void JpegSymbolCounts::add(std::span<const JpegSymbol> symbols) {
  std::size_t i = 0;
  for (; i + 2 <= symbols.size(); i += 2) {
    ++sets[0][symbols[i] >> 16];
    ++sets[1][symbols[i + 1] >> 16];
  }
  if (i < symbols.size()) ++sets[0][symbols[i] >> 16];
}

std::uint64_t JpegSymbolCounts::of(int table, int symbol) const {
  const auto at = static_cast<std::size_t>(table * 256 + symbol);
  return std::uint64_t{sets[0][at]} + sets[1][at];
}

std::size_t code_jpeg_blocks(std::span<const JpegBlockPlace> mcu, int mcus,
                             const JpegCoefficient* blocks, const std::uint64_t* masks,
                             JpegPredictions& predictions, JpegSymbol* out) {
  JpegSymbol* const begin = out;
  for (int i = 0; i < mcus; ++i) {
    for (const JpegBlockPlace& place : mcu) {
      int& prediction = predictions[static_cast<std::size_t>(place.component)];
      out = code_block(blocks, *masks++, place.chroma, prediction, out);
      blocks += kJpegBlockSize;
    }
  }
  return static_cast<std::size_t>(out - begin);
}

JpegSymbol* JpegSymbolStore::room() {
  if (pieces_.empty() || pieces_.back().count + kAppendMax > kPieceSymbols) {
    if (pieces_.size() == kPiecesMax) return nullptr;
    pieces_.push_back({std::make_unique_for_overwrite<JpegSymbol[]>(kPieceSymbols), 0});
  }
  return pieces_.back().symbols.get() + pieces_.back().count;
}

void JpegSymbolStore::clear() {
  if (pieces_.empty()) return;
  pieces_.resize(1);
  pieces_[0].count = 0;
}

}  // namespace imgmill::codec_worker
