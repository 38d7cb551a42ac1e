// Blocks → what Huffman codes are given to: symbols with the bits that follow them. They are kept
// until all are counted, because the best codes are known only then.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codec_worker/formats/jpeg_block.h"
#include "codec_worker/formats/jpeg_block_decoder.h"

namespace imgmill::codec_worker {

// Two pairs of Huffman tables: of luma (and of whatever is no chroma), and of chroma.
inline constexpr int kJpegCodeTables = 4;
[[nodiscard]] constexpr int jpeg_dc_table(bool chroma) { return chroma ? 2 : 0; }
[[nodiscard]] constexpr int jpeg_ac_table(bool chroma) { return chroma ? 3 : 1; }

// Table in the top byte, symbol in the next, the bits that follow in the low half: their number is
// the symbol's low half byte.
using JpegSymbol = std::uint32_t;
// DC, 63 coefficients and an end.
inline constexpr std::size_t kJpegSymbolsPerBlockMax = 65;

struct JpegSymbolCounts {
  // By the upper half of a JpegSymbol. Two sets, because neighbours are often alike and a counter
  // takes some cycles before it can be counted up again.
  std::array<std::array<std::uint32_t, kJpegCodeTables * 256>, 2> sets{};

  void add(std::span<const JpegSymbol> symbols);
  [[nodiscard]] std::uint64_t of(int table, int symbol) const;
};

// A place of the MCU in the rendition: whose prediction, which tables.
struct JpegBlockPlace {
  int component = 0;
  bool chroma = false;
};

// Writes the symbols of `mcus` MCUs of quantised blocks to `out`, which has room for all of them;
// returns how many. Bit k of masks[i] tells that the k-th coefficient of block i is not zero.
[[nodiscard]] std::size_t code_jpeg_blocks(std::span<const JpegBlockPlace> mcu, int mcus,
                                           const JpegCoefficient* blocks,
                                           const std::uint64_t* masks, JpegPredictions& predictions,
                                           JpegSymbol* out);

// Symbols in the order of the picture, in pieces, as many as memory is granted for.
class JpegSymbolStore {
 public:
  // The most that one call may append.
  static constexpr std::size_t kAppendMax =
      kJpegMcusAtOnce * kJpegBlocksPerMcuMax * kJpegSymbolsPerBlockMax;
  static constexpr std::size_t kPieceSymbols = 256 << 10;
  // 16 MiB: some 50 million pixels at quality 50.
  static constexpr std::size_t kPiecesMax = 16;

  // Room for kAppendMax symbols; nullptr when the store is full.
  [[nodiscard]] JpegSymbol* room();
  void append(std::size_t count) { pieces_.back().count += count; }
  void clear();

  [[nodiscard]] std::size_t piece_count() const { return pieces_.size(); }
  [[nodiscard]] std::span<const JpegSymbol> piece(std::size_t at) const {
    return {pieces_[at].symbols.get(), pieces_[at].count};
  }

 private:
  struct Piece {
    std::unique_ptr<JpegSymbol[]> symbols;
    std::size_t count = 0;
  };
  std::vector<Piece> pieces_;
};

}  // namespace imgmill::codec_worker
