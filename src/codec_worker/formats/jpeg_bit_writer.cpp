#include "codec_worker/formats/jpeg_bit_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codec_worker/formats/jpeg_stuffing.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kSymbolsAtOnce = 4'096;
// Each is 31 bits at most; the last store writes 8 bytes whatever they hold.
constexpr std::size_t kPlainBytes = kSymbolsAtOnce * 4 + 8;

inline std::uint64_t big_endian(std::uint64_t value) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

}  // namespace

JpegBitWriter::JpegBitWriter(const JpegCodeBook& book, Buffer& out)
    : book_(book), out_(out), plain_(std::make_unique<std::uint8_t[]>(kPlainBytes)) {}

void JpegBitWriter::write(std::span<const JpegSymbol> symbols) {
  while (!symbols.empty()) {
    const std::size_t count = std::min(symbols.size(), kSymbolsAtOnce);
    write_some(symbols.first(count));
    symbols = symbols.subspan(count);
  }
}

void JpegBitWriter::write_some(std::span<const JpegSymbol> symbols) {
  std::uint8_t* at = plain_.get();
  std::uint64_t bits = bits_;
  int count = bit_count_;
  const auto put = [&](std::uint64_t code, std::uint32_t length) {
    count += static_cast<int>(length);
    bits |= code << (64 - count);
    const std::uint64_t bytes = big_endian(bits);
    std::memcpy(at, &bytes, sizeof bytes);
    at += count >> 3;
    bits <<= count & 56;
    count &= 7;
  };
  std::size_t i = 0;
  // Two symbols are at most 16 + 12 and 16 + 10 bits, so they fit behind the 7 that may be left.
  for (; i + 2 <= symbols.size(); i += 2) {
    const JpegCodeWord& first = book_.word(symbols[i]);
    const JpegCodeWord& second = book_.word(symbols[i + 1]);
    const std::uint64_t low = second.code | (symbols[i + 1] & 0xffff);
    const std::uint64_t high = first.code | (symbols[i] & 0xffff);
    put(high << second.length | low, first.length + second.length);
  }
  if (i < symbols.size()) {
    const JpegCodeWord& word = book_.word(symbols[i]);
    put(word.code | (symbols[i] & 0xffff), word.length);
  }
  bits_ = bits;
  bit_count_ = count;
  flush(static_cast<std::size_t>(at - plain_.get()));
}

void JpegBitWriter::flush(std::size_t bytes) {
  const std::size_t before = out_.size();
  out_.resize(before + 2 * bytes + kJpegStuffingSlack);
  auto* to = reinterpret_cast<std::uint8_t*>(out_.data()) + before;
  out_.resize(before + stuff_jpeg({plain_.get(), bytes}, to));
}

void JpegBitWriter::finish() {
  if (bit_count_ == 0) return;
  plain_[0] = static_cast<std::uint8_t>(bits_ >> 56 | 0xffU >> bit_count_);
  flush(1);
  bit_count_ = 0;
}

}  // namespace imgmill::codec_worker
