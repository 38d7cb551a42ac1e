#include "codec_worker/formats/jpeg_block_decoder.h"

#include <algorithm>
#include <cstring>

namespace imgmill::codec_worker {
namespace {

constexpr int kLast = kJpegBlockSize - 1;

// `bits` stays in registers as long as no function has its address: what is not inlined gets a
// copy.

// A code that the table of pairs does not hold. Returns the place it leads to, as step() does.
[[gnu::noinline]] int long_step(JpegBits& bits, const JpegAcTable& table, JpegCoefficient* block,
                                int at) {
  const std::uint8_t symbol = table.take_symbol(bits);
  const int run = symbol >> 4;
  const int size = symbol & 15;
  bits.fill();
  if (size == 0) return run == 15 ? at + 16 : kJpegEndOfBlock;
  at += run + 1;
  const int value = jpeg_extend(bits.take(size), size);
  block[std::min(at, kLast)] = static_cast<JpegCoefficient>(value);
  bits.fill();
  return at;
}

// The block is full before the entry ends, or runs over. What runs over counts as the last
// coefficient, as in libjpeg; a second one behind a full block belongs to the next block.
[[gnu::noinline]] int finish_full(JpegBits& bits, const JpegAcEntry& entry, int value,
                                  JpegCoefficient* block, int at) {
  const int first = at + entry.step;
  const bool is_pair = entry.steps != entry.step;
  const bool second_overruns = first < kLast;
  bits.drop(is_pair && !second_overruns ? entry.first_length : entry.length);
  if (second_overruns) value = entry.last_value;
  if (value != 0) block[kLast] = static_cast<JpegCoefficient>(value);
  return kLast;
}

// Takes one entry of the table behind the coefficient at `at`. Returns the place of the last
// coefficient that is told then; the block is done from 63 on.
inline int step(JpegBits& bits, const JpegAcTable& table, JpegCoefficient* block, int at) {
  const JpegAcEntry& entry = table.entries()[bits.peek(kJpegAcBits)];
  if (entry.length == 0) [[unlikely]] {
    JpegBits spilled = bits;
    at = long_step(spilled, table, block, at);
    bits = spilled;
    return at;
  }
  const int first = at + entry.step;
  const int last = at + entry.steps;
  const auto through_entry = static_cast<std::uint32_t>(bits.buffer >> (64 - entry.length));
  const auto beyond = static_cast<int>(through_entry & ((1U << entry.beyond) - 1));
  // Both are written whether they are two or one: a branch would cost more.
  block[first] = static_cast<JpegCoefficient>(entry.value + beyond);
  block[last] = static_cast<JpegCoefficient>(entry.last_value + beyond);
  if (last > kLast) {
    const bool ended = last >= kJpegEndOfBlock && (first < kLast || first >= kJpegEndOfBlock);
    if (!ended) [[unlikely]] {
      JpegBits spilled = bits;
      at = finish_full(spilled, entry, entry.value + beyond, block, at);
      bits = spilled;
      return at;
    }
  }
  bits.drop(entry.length);
  return last;
}

inline void decode_block(JpegBits& bits, const JpegBlockCoding& coding, int& prediction,
                         JpegCoefficient* block) {
  std::memset(block, 0, kJpegBlockSize * sizeof *block);
  bits.fill();
  const int size = coding.dc->take(bits);
  prediction = jpeg_predicted(prediction, jpeg_extend(bits.take(size), size));
  block[0] = static_cast<JpegCoefficient>(prediction);
  const JpegAcTable& table = *coding.ac;
  int at = 0;
  while (at < kLast) {
    bits.fill();  // enough for two steps
    at = step(bits, table, block, at);
    if (at >= kLast) break;
    at = step(bits, table, block, at);
  }
}

}  // namespace

void decode_jpeg_mcus(JpegBits& bits, JpegMcuCoding coding, int mcus, JpegPredictions& predictions,
                      JpegCoefficient* blocks) {
  JpegBits here = bits;
  for (int mcu = 0; mcu < mcus; ++mcu) {
    for (const JpegBlockCoding& block : coding) {
      decode_block(here, block, predictions[static_cast<std::size_t>(block.component)], blocks);
      blocks += kJpegBlockSize;
    }
  }
  bits = here;
}

}  // namespace imgmill::codec_worker
