#include "codec_worker/formats/jpeg_progressive.h"

#include <algorithm>
#include <bit>

namespace imgmill::codec_worker {
namespace {

constexpr int kLast = kJpegBlockSize - 1;

// Coefficients `from` to `to`, both included.
constexpr std::uint64_t band(int from, int to) {
  if (from > to) return 0;
  return ~std::uint64_t{0} << from & ~std::uint64_t{0} >> (kLast - to);
}

void put(JpegCoefficient* block, std::uint64_t& mask, int at, int value) {
  at = std::min(at, kLast);
  block[at] = static_cast<JpegCoefficient>(value);
  const std::uint64_t bit = std::uint64_t{1} << at;
  mask = block[at] != 0 ? mask | bit : mask & ~bit;
}

// The first zero of `mask` from `at` on that has `run` zeros before it; `last` + 1 when there is
// none. Most runs pass no coefficient, so this is no loop for them.
int behind_run(std::uint64_t mask, int at, int run, int last) {
  int place = at + run;
  int passed = 0;
  while (place <= last) {
    const std::uint64_t between = mask & band(at, place);
    const int now = between == 0 ? 0 : std::popcount(between);
    if (now == passed) return place;
    passed = now;
    place = at + run + passed;
  }
  return last + 1;
}

// Each coefficient of `which` gets one bit more, `bit`, if the data say so and it has none there
// yet (as damaged scans may have it). The data are as good as random, so there is no branch on
// them.
inline void correct(JpegBits& bits, JpegCoefficient* block, std::uint64_t which, int bit) {
  while (which != 0) {
    bits.fill();
    for (int left = 56; which != 0 && left > 0; --left, which &= which - 1) {
      JpegCoefficient& coefficient = block[std::countr_zero(which)];
      const int asked = static_cast<int>(bits.take(1));
      const int due = -(asked & static_cast<int>((coefficient & bit) == 0));
      const int sign = coefficient < 0 ? -1 : 0;
      coefficient = static_cast<JpegCoefficient>(coefficient + (((bit ^ sign) - sign) & due));
    }
  }
}

}  // namespace

bool JpegProgressiveScan::build_tables() {
  if (scan_.first > 0) return ac_.build(header_.ac_codes(scan_.components[0].ac_table));
  if (scan_.high > 0) return true;  // single bits
  for (int i = 0; i < scan_.component_count; ++i) {
    const int table = scan_.components[static_cast<std::size_t>(i)].dc_table;
    const JpegHuffmanCodes& codes = header_.dc_codes(table);
    if (!are_jpeg_dc_codes(codes) || !dc_[static_cast<std::size_t>(table)].build(codes)) {
      return false;
    }
  }
  return true;
}

bool JpegProgressiveScan::decode() {
  to_restart_ = header_.restart_interval();
  if (scan_.first == 0) {
    decode_averages();
  } else {
    decode_details();
  }
  return any_;
}

bool JpegProgressiveScan::ready(std::size_t blocks) {
  if (header_.restart_interval() != 0 && to_restart_-- == 0) {
    coded_.restart();
    predictions_.fill(0);
    end_run_ = 0;
    to_restart_ = header_.restart_interval() - 1;
  }
  if (coded_.starved()) return false;
  vouched_ = coded_.holds(blocks * kJpegBlockBytesMax);
  return true;
}

void JpegProgressiveScan::settle() {
  if (!vouched_ && coded_.overrun()) {
    coded_.mark_starved();
  } else {
    any_ = true;
  }
}

bool JpegProgressiveScan::ran_dry() const {
  return coded_.starved() && (header_.restart_interval() == 0 || coded_.at_end());
}

void JpegProgressiveScan::decode_averages() {
  const JpegFrame& frame = header_.frame();
  const bool alone = scan_.component_count == 1;
  const int only = scan_.components[0].component;
  const int across = alone ? frame.blocks_across(only) : frame.mcus_across();
  const int down = alone ? frame.blocks_down(only) : frame.mcus_down();
  for (int y = 0; y < down; ++y) {
    for (int x = 0; x < across; ++x) {
      if (!ready(kJpegBlocksPerMcuMax)) {
        if (ran_dry()) return;
        continue;
      }
      for (int i = 0; i < scan_.component_count; ++i) {
        const auto& part = scan_.components[static_cast<std::size_t>(i)];
        const auto& component = frame.components[static_cast<std::size_t>(part.component)];
        const int h = alone ? 1 : component.h;
        const int v = alone ? 1 : component.v;
        JpegPlane& plane = coefficients_.plane(part.component);
        for (int block = 0; block < h * v; ++block) {
          decode_average(plane, x * h + block % h, y * v + block / h, part);
        }
      }
      settle();
    }
  }
}

void JpegProgressiveScan::decode_average(JpegPlane& plane, int x, int y,
                                         const JpegScanComponent& part) {
  JpegCoefficient& average = *plane.block(x, y);
  JpegBits bits = coded_.bits();  // in registers
  bits.fill();
  if (scan_.high > 0) {
    const int bit = static_cast<int>(bits.take(1)) << scan_.low;
    average = static_cast<JpegCoefficient>(average | bit);
    coded_.bits() = bits;
    return;
  }
  const int size = dc_[static_cast<std::size_t>(part.dc_table)].take(bits);
  int& prediction = predictions_[static_cast<std::size_t>(part.component)];
  prediction = jpeg_predicted(prediction, jpeg_extend(bits.take(size), size));
  coded_.bits() = bits;
  average = static_cast<JpegCoefficient>(static_cast<unsigned>(prediction) << scan_.low);
}

void JpegProgressiveScan::decode_details() {
  const int component = scan_.components[0].component;
  const int across = header_.frame().blocks_across(component);
  const int down = header_.frame().blocks_down(component);
  JpegPlane& plane = coefficients_.plane(component);
  for (int y = 0; y < down; ++y) {
    for (int x = 0; x < across; ++x) {
      if (!ready(1)) {
        if (ran_dry()) return;
        continue;
      }
      if (scan_.high > 0) {
        refine_details(plane.block(x, y), plane.mask(x, y));
      } else if (end_run_ > 0) {
        --end_run_;
      } else {
        first_details(plane.block(x, y), plane.mask(x, y));
      }
      settle();
    }
  }
}

inline void JpegProgressiveScan::take_end_run(JpegBits& bits, int size_bits) {
  bits.fill();
  end_run_ = (1U << size_bits) + bits.take(size_bits);
}

void JpegProgressiveScan::first_details(JpegCoefficient* block, std::uint64_t& mask) {
  JpegBits bits = coded_.bits();  // in registers
  std::uint64_t here = mask;
  for (int at = scan_.first; at <= scan_.last; ++at) {
    bits.fill();
    const std::uint8_t symbol = ac_.take(bits);
    const int run = symbol >> 4;
    const int size = symbol & 15;
    if (size == 0 && run < 15) {
      take_end_run(bits, run);
      --end_run_;
      break;
    }
    at += run;
    if (size > 0) {
      const int value = jpeg_extend(bits.take(size), size);
      put(block, here, at, value * (1 << scan_.low));
    }
  }
  mask = here;
  coded_.bits() = bits;
}

void JpegProgressiveScan::refine_details(JpegCoefficient* block, std::uint64_t& mask) {
  JpegBits bits = coded_.bits();  // in registers
  int at = scan_.first;
  if (end_run_ == 0) at = refine_to_run(bits, block, mask);
  if (end_run_ > 0) {
    correct(bits, block, mask & band(at, scan_.last), 1 << scan_.low);
    --end_run_;
  }
  coded_.bits() = bits;
}

// New coefficients, each behind a run of zeros; those that are there already are corrected in
// passing. Returns where an end of block stopped it.
int JpegProgressiveScan::refine_to_run(JpegBits& outside, JpegCoefficient* block,
                                       std::uint64_t& mask) {
  JpegBits bits = outside;
  const std::uint64_t old = mask;
  int at = scan_.first;
  for (; at <= scan_.last; ++at) {
    bits.fill();
    const std::uint8_t symbol = ac_.take(bits);
    const int run = symbol >> 4;
    const bool has_value = (symbol & 15) != 0;
    if (!has_value && run < 15) {
      take_end_run(bits, run);
      break;
    }
    const int value = has_value ? (bits.take(1) != 0 ? 1 : -1) * (1 << scan_.low) : 0;
    const int place = behind_run(old, at, run, scan_.last);
    correct(bits, block, old & band(at, place - 1), 1 << scan_.low);
    if (value != 0) put(block, mask, place, value);
    at = place;
  }
  outside = bits;
  return at;
}

}  // namespace imgmill::codec_worker
