#include "codec_worker/formats/jpeg_progressive.h"

#include <algorithm>

namespace imgmill::codec_worker {
namespace {

constexpr int kLast = kJpegBlockSize - 1;
// A code of 16 bits and a difference of 15.
constexpr std::size_t kAverageBytesMax = 4;

void put(JpegCoefficient* block, std::uint64_t& mask, int at, int value) {
  at = std::min(at, kLast);
  block[at] = static_cast<JpegCoefficient>(value);
  const std::uint64_t bit = std::uint64_t{1} << at;
  mask = block[at] != 0 ? mask | bit : mask & ~bit;
}

}  // namespace

JpegProgressiveScan::JpegProgressiveScan(const JpegHeader& header, const JpegScan& scan,
                                         Bytes coded, JpegCoefficients& coefficients)
    : header_(header), scan_(scan), coded_(coded), refinement_(scan.first, scan.last, scan.low) {
  const JpegFrame& frame = header.frame();
  const bool alone = scan.component_count == 1;
  for (int i = 0; i < scan.component_count; ++i) {
    const auto& part = scan.components[static_cast<std::size_t>(i)];
    const auto& component = frame.components[static_cast<std::size_t>(part.component)];
    Place place{.plane = &coefficients.plane(part.component),
                .h = alone ? 1 : component.h,
                .v = alone ? 1 : component.v,
                .part = i,
                .dc_table = part.dc_table};
    for (place.y = 0; place.y < place.v; ++place.y) {
      for (place.x = 0; place.x < place.h; ++place.x) mcu_.push_back(place);
    }
  }
  const int only = scan.components[0].component;
  across_ = alone ? frame.blocks_across(only) : frame.mcus_across();
  down_ = alone ? frame.blocks_down(only) : frame.mcus_down();
  mcu_bytes_max_ = has_details() ? kJpegBlockBytesMax : mcu_.size() * kAverageBytesMax;
}

bool JpegProgressiveScan::build_tables() {
  if (has_details()) {
    const JpegHuffmanCodes& codes = header_.ac_codes(scan_.components[0].ac_table);
    return refines() ? refinement_.build(codes) : ac_.build(codes);
  }
  if (refines()) return true;  // single bits
  for (int i = 0; i < scan_.component_count; ++i) {
    const int table = scan_.components[static_cast<std::size_t>(i)].dc_table;
    const JpegHuffmanCodes& codes = header_.dc_codes(table);
    if (!are_jpeg_dc_codes(codes) || !dc_[static_cast<std::size_t>(table)].build(codes)) {
      return false;
    }
  }
  return true;
}

// In stretches of MCUs of one row, as long as data for the longest codes are known to be there; the
// last ones, for which they may not be, go one by one.
bool JpegProgressiveScan::decode() {
  const int interval = header_.restart_interval();
  int to_restart = interval;
  int x = 0;
  int y = 0;
  while (y < down_) {
    if (interval != 0 && to_restart == 0) {
      restart();
      to_restart = interval;
    }
    int mcus = interval != 0 ? std::min(across_ - x, to_restart) : across_ - x;
    if (coded_.starved()) {
      if (ran_dry()) break;
    } else if (const int silent = quiet(x, y, mcus); silent > 0) {
      mcus = silent;
      end_run_ -= static_cast<std::uint32_t>(mcus);
      any_ = true;
    } else {
      const std::size_t vouched = coded_.ahead(mcu_bytes_max_) / mcu_bytes_max_;
      mcus = static_cast<int>(std::clamp<std::size_t>(vouched, 1, static_cast<std::size_t>(mcus)));
      decode_some(x, y, mcus);
      if (vouched == 0 && coded_.overrun()) {
        coded_.mark_starved();
      } else {
        any_ = true;
      }
    }
    to_restart -= mcus;
    x += mcus;
    if (x == across_) {
      x = 0;
      ++y;
    }
  }
  return any_;
}

void JpegProgressiveScan::restart() {
  coded_.restart();
  predictions_.fill(0);
  end_run_ = 0;
}

bool JpegProgressiveScan::ran_dry() const {
  return header_.restart_interval() == 0 || coded_.at_end();
}

// How many MCUs, of those at hand, take no bit at all.
int JpegProgressiveScan::quiet(int x, int y, int mcus) const {
  if (end_run_ == 0) return 0;
  const int most = static_cast<int>(std::min<std::uint32_t>(end_run_, static_cast<unsigned>(mcus)));
  return refines() ? refinement_.untouched(mcu_[0].plane->mask(x, y), most) : most;
}

void JpegProgressiveScan::decode_some(int x, int y, int mcus) {
  if (!has_details()) {
    refines() ? refine_averages(x, y, mcus) : decode_averages(x, y, mcus);
  } else if (refines()) {
    JpegPlane& plane = *mcu_[0].plane;
    refinement_.decode(coded_.bits(), plane.block(x, y), plane.mask(x, y), mcus, end_run_);
  } else {
    decode_details(x, y, mcus);
  }
}

void JpegProgressiveScan::decode_averages(int x, int y, int mcus) {
  JpegBits bits = coded_.bits();  // in registers
  for (const int end = x + mcus; x < end; ++x) {
    for (const Place& place : mcu_) {
      bits.fill();
      const int size = dc_[static_cast<std::size_t>(place.dc_table)].take(bits);
      int& prediction = predictions_[static_cast<std::size_t>(place.part)];
      prediction = jpeg_predicted(prediction, jpeg_extend(bits.take(size), size));
      place.plane->average(x * place.h + place.x, y * place.v + place.y) =
          static_cast<JpegCoefficient>(static_cast<unsigned>(prediction) << scan_.low);
    }
  }
  coded_.bits() = bits;
}

void JpegProgressiveScan::refine_averages(int x, int y, int mcus) {
  JpegBits bits = coded_.bits();
  for (const int end = x + mcus; x < end; ++x) {
    bits.fill();  // enough for all blocks of an MCU
    for (const Place& place : mcu_) {
      JpegCoefficient& average = place.plane->average(x * place.h + place.x, y * place.v + place.y);
      average = static_cast<JpegCoefficient>(average | static_cast<int>(bits.take(1)) << scan_.low);
    }
  }
  coded_.bits() = bits;
}

void JpegProgressiveScan::decode_details(int x, int y, int mcus) {
  JpegPlane& plane = *mcu_[0].plane;
  JpegCoefficient* block = plane.block(x, y);
  std::uint64_t* mask = plane.mask(x, y);
  JpegBits bits = coded_.bits();
  for (int i = 0; i < mcus;) {
    if (end_run_ == 0) decode_details(bits, block + i * kJpegBlockSize, mask[i]);
    const auto ended = std::min<std::uint32_t>(end_run_, static_cast<unsigned>(mcus - i));
    end_run_ -= ended;
    i += std::max(1, static_cast<int>(ended));
  }
  coded_.bits() = bits;
}

// One block; end_run_ counts it when an end comes before the last coefficient.
[[gnu::always_inline]] inline void JpegProgressiveScan::decode_details(JpegBits& bits,
                                                                       JpegCoefficient* block,
                                                                       std::uint64_t& mask) {
  std::uint64_t here = mask;
  for (int at = scan_.first; at <= scan_.last; ++at) {
    bits.fill();
    const std::uint8_t symbol = ac_.take(bits);
    const int run = symbol >> 4;
    const int size = symbol & 15;
    if (size == 0 && run < 15) {
      bits.fill();
      end_run_ = (1U << run) + bits.take(run);
      break;
    }
    at += run;
    if (size > 0) {
      const int value = jpeg_extend(bits.take(size), size);
      put(block, here, at, value * (1 << scan_.low));
    }
  }
  mask = here;
}

}  // namespace imgmill::codec_worker
