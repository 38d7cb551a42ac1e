// Refinement scans of details (T.81, G.1.2.3): the bulk of a progressive JPEG. They bring new
// coefficients, and one bit more, a correction, for each that is there already. The data are as
// good as random, so what they say is looked up and calculated, not branched on.
#pragma once

#include <array>
#include <cstdint>

#include "codec_worker/formats/jpeg_block.h"
#include "codec_worker/formats/jpeg_huffman_decoder.h"

namespace imgmill::codec_worker {

class JpegRefinement {
 public:
  // `first` to `last`: which coefficients. `low`: which bit of them.
  JpegRefinement(int first, int last, int low);

  // False when the codes are none.
  [[nodiscard]] bool build(const JpegHuffmanCodes& codes);

  // Refines `count` blocks that stand side by side. Bit k of a mask tells that the k-th coefficient
  // is not zero; the first coefficient of a block is scratch. `end_run`: for how many blocks, from
  // here on, nothing new comes. The caller sees to it that kJpegBlockBytesMax a block and 8 bytes
  // more can be read.
  void decode(JpegBits& bits, JpegCoefficient* blocks, std::uint64_t* masks, int count,
              std::uint32_t& end_run) const;

  // How many blocks from here on, of `count`, have nothing to refine.
  [[nodiscard]] int untouched(const std::uint64_t* masks, int count) const;

  // What the next bits say: a new coefficient behind `run` zeros, sixteen zeros, or an end.
  struct Entry {
    std::uint8_t length = 0;  // of the code, and of the sign behind it; 0: too long for the table
    std::uint8_t run = 0;     // with kEnds: how many bits of the end's run follow
    JpegCoefficient value = 0;
  };
  static constexpr std::uint8_t kEnds = 0x80;

  // For the kernels.
  [[nodiscard]] int first() const { return first_; }
  [[nodiscard]] int last() const { return last_; }
  [[nodiscard]] int low() const { return low_; }
  [[nodiscard]] std::uint64_t band() const { return band_; }
  [[nodiscard]] const Entry* entries() const { return entries_.data(); }
  // For codes that are too long for the table; takes them from `bits`.
  [[nodiscard]] Entry long_entry(JpegBits& bits) const;

 private:
  [[nodiscard]] Entry entry_of(std::uint8_t symbol, bool positive) const;

  int first_;
  int last_;
  int low_;
  std::uint64_t band_;
  JpegSymbolTable<kJpegAcBits> symbols_;
  std::array<Entry, 1U << kJpegAcBits> entries_{};
};

}  // namespace imgmill::codec_worker
