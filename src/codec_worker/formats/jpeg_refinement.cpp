#include "codec_worker/formats/jpeg_refinement.h"

#include <algorithm>
#include <bit>
#include <cstring>

// Nothing here is a vector, but shifts by a variable cost less on processors that have AVX2.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec_worker/formats/jpeg_refinement.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef IMGMILL_JPEG_ONES
#define IMGMILL_JPEG_ONES
namespace imgmill::codec_worker {

// A byte's ones: their places, the lowest first, and how many they are.
struct JpegOnes {
  std::array<std::array<std::uint8_t, 8>, 256> places{};
  std::array<std::uint8_t, 256> count{};
};
inline constexpr JpegOnes kJpegOnes = [] {
  JpegOnes ones;
  for (unsigned value = 0; value < 256; ++value) {
    for (std::uint8_t bit = 0; bit < 8; ++bit) {
      if ((value >> bit & 1) != 0) ones.places[value][ones.count[value]++] = bit;
    }
  }
  return ones;
}();

}  // namespace imgmill::codec_worker
#endif

HWY_BEFORE_NAMESPACE();
namespace imgmill::codec_worker::HWY_NAMESPACE {

constexpr int kLast = kJpegBlockSize - 1;

// The same byte eight times.
constexpr std::uint64_t eightfold(unsigned byte) { return byte * 0x0101'0101'0101'0101ULL; }

// Where the zeros of a block stand, in order, from [first] on; behind them `last` + 1, for runs
// that overrun.
using Places = std::array<std::uint8_t, 2 * kJpegBlockSize + 24>;

// Returns the end of the zeros.
inline std::size_t find_zeros(std::uint64_t zeros, int first, int last, Places& places) {
  auto at = static_cast<std::size_t>(first);
  for (auto byte = static_cast<unsigned>(first) / 8; byte <= static_cast<unsigned>(last) / 8;
       ++byte) {
    const std::uint64_t here = zeros >> byte * 8 & 0xff;
    const auto some = std::bit_cast<std::uint64_t>(kJpegOnes.places[here]) + eightfold(byte * 8);
    std::memcpy(&places[at], &some, sizeof some);
    at += kJpegOnes.count[here];
  }
  const std::uint64_t behind = eightfold(static_cast<unsigned>(last + 1));
  std::memcpy(&places[at], &behind, sizeof behind);
  std::memcpy(&places[at + 8], &behind, sizeof behind);
  return at;
}

// One bit more where it is asked for, the first on top, and is not there yet (as damaged scans may
// have it). Four at once, so that the end is foreseen more often: what is too many falls on the
// scratch coefficient.
inline void correct(JpegCoefficient* block, std::uint64_t old, std::uint64_t asked, int low) {
  const int bit = 1 << low;
  while (asked != 0) {
    for (int i = 0; i < 4; ++i, asked <<= 1, old &= old - 1) {
      JpegCoefficient& coefficient = block[std::countr_zero(old) & kLast];
      const int value = coefficient;
      const int due = -(static_cast<int>(asked >> 63) & ~value >> low & 1);
      const int sign = value < 0 ? -1 : 0;
      coefficient = static_cast<JpegCoefficient>(value + (((bit ^ sign) - sign) & due));
    }
  }
}

// Of a block: the new coefficients, and the corrections of the old ones up to its end.
struct Details {
  std::uint64_t added = 0;
  std::uint64_t corrections = 0;  // the last one lowest
  int corrected = 0;              // how many old ones they are for
  std::uint32_t end_run = 0;      // 0: it has no end
};

inline void take_corrections(JpegBits& bits, Details& details, int count) {
  details.corrections = details.corrections << count | (bits.buffer >> 1) >> (63 - count);
  details.corrected += count;
  bits.drop(count);
}

// Any number of them: 63 are more than `bits` may hold.
inline void take_many_corrections(JpegBits& bits, Details& details, int count) {
  const int half = count / 2;
  take_corrections(bits, details, half);
  bits.fill();
  take_corrections(bits, details, count - half);
}

// A run that leaves the band, as libjpeg has it: its coefficient is the one behind.
[[gnu::noinline]] void overrun(const JpegRefinement& by, JpegBits& bits, JpegCoefficient* block,
                               std::uint64_t old, JpegCoefficient value, Details& details) {
  take_many_corrections(bits, details, std::popcount(old) - details.corrected);
  if (value == 0) return;
  // It may be an old one, which has been corrected then.
  correct(block, old, (details.corrections << 1) << (63 - details.corrected), by.low());
  details.corrections = 0;
  const int at = std::min(by.last() + 1, kLast);
  block[at] = value;
  details.added |= std::uint64_t{1} << at;
}

// kMany: there may be more corrections between two new coefficients than `bits` can hold.
template <bool kMany>
inline Details take_details(const JpegRefinement& by, JpegBits& outside, JpegCoefficient* block,
                            std::uint64_t old, Places& places) {
  JpegBits bits = outside;  // in registers
  const JpegRefinement::Entry* const entries = by.entries();
  const int last = by.last();
  Details details;
  int zeros = by.first();  // and how many are passed
  int at = zeros;
  while (at <= last) {
    bits.fill();
    JpegRefinement::Entry entry = entries[bits.peek(kJpegAcBits)];
    if (entry.length == 0) [[unlikely]] {
      JpegBits spilled = bits;
      entry = by.long_entry(spilled);
      bits = spilled;
    }
    bits.drop(entry.length);
    if ((entry.run & JpegRefinement::kEnds) != 0) {
      const int size = entry.run & 15;
      details.end_run = (1U << size) + bits.take(size);
      break;
    }
    zeros += entry.run;
    at = places[static_cast<std::size_t>(zeros)];
    if (at > last) [[unlikely]] {
      JpegBits spilled = bits;
      overrun(by, spilled, block, old, entry.value, details);
      bits = spilled;
      break;
    }
    const int passed = at - zeros - details.corrected;
    if constexpr (kMany) {
      take_many_corrections(bits, details, passed);
    } else {
      take_corrections(bits, details, passed);
    }
    block[at] = entry.value;  // sixteen zeros end with a zero that is there
    details.added |= std::uint64_t{entry.value != 0} << at;
    ++zeros;
    ++at;
  }
  outside = bits;
  return details;
}

void refine(const JpegRefinement& by, JpegBits& outside, JpegCoefficient* block,
            std::uint64_t* masks, int count, std::uint32_t& end_run) {
  // A code and its sign are 17 bits of 56.
  constexpr int kFewMax = 39;
  JpegBits bits = outside;
  Places places;
  std::uint32_t run = end_run;
  for (int i = 0; i < count; ++i, block += kJpegBlockSize) {
    const std::uint64_t old = masks[i] & by.band();
    const int old_count = std::popcount(old);
    Details details;
    if (run == 0) {
      find_zeros(~old & by.band(), by.first(), by.last(), places);
      details = old_count <= kFewMax ? take_details<false>(by, bits, block, old, places)
                                     : take_details<true>(by, bits, block, old, places);
      masks[i] |= details.added;
      run = details.end_run;
    }
    if (run > 0) {
      bits.fill();
      take_many_corrections(bits, details, old_count - details.corrected);
      --run;
    }
    correct(block, old, (details.corrections << 1) << (63 - details.corrected), by.low());
  }
  outside = bits;
  end_run = run;
}

}  // namespace imgmill::codec_worker::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace imgmill::codec_worker {

JpegRefinement::JpegRefinement(int first, int last, int low)
    : first_(first),
      last_(last),
      low_(low),
      band_(~std::uint64_t{0} << first & ~std::uint64_t{0} >> (kJpegBlockSize - 1 - last)) {}

JpegRefinement::Entry JpegRefinement::entry_of(std::uint8_t symbol, bool positive) const {
  Entry entry;
  entry.run = symbol >> 4;
  if ((symbol & 15) != 0) {
    entry.value = static_cast<JpegCoefficient>((positive ? 1 : -1) * (1 << low_));
  } else if (entry.run < 15) {
    entry.run |= kEnds;
  }
  return entry;
}

bool JpegRefinement::build(const JpegHuffmanCodes& codes) {
  if (!symbols_.build(codes)) return false;
  for (std::uint32_t window = 0; window < entries_.size(); ++window) {
    JpegBits bits{.buffer = std::uint64_t{window} << (64 - kJpegAcBits), .count = kJpegAcBits};
    const int code = symbols_.length_at(window);
    if (code == 0) continue;
    const std::uint8_t symbol = symbols_.take(bits);
    const int length = code + ((symbol & 15) != 0 ? 1 : 0);
    if (length > kJpegAcBits) continue;
    entries_[window] = entry_of(symbol, bits.peek(1) != 0);
    entries_[window].length = static_cast<std::uint8_t>(length);
  }
  return true;
}

JpegRefinement::Entry JpegRefinement::long_entry(JpegBits& bits) const {
  const std::uint8_t symbol = symbols_.take(bits);
  return entry_of(symbol, (symbol & 15) != 0 && bits.take(1) != 0);
}

HWY_EXPORT(refine);

void JpegRefinement::decode(JpegBits& bits, JpegCoefficient* blocks, std::uint64_t* masks,
                            int count, std::uint32_t& end_run) const {
  HWY_DYNAMIC_DISPATCH(refine)(*this, bits, blocks, masks, count, end_run);
}

int JpegRefinement::untouched(const std::uint64_t* masks, int count) const {
  const auto* found = std::find_if(masks, masks + count,
                                   [this](std::uint64_t mask) { return (mask & band_) != 0; });
  return static_cast<int>(found - masks);
}

}  // namespace imgmill::codec_worker
#endif
