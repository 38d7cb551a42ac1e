#include "codec_worker/formats/jpeg_huffman_decoder.h"

#include <algorithm>
#include <memory>

namespace imgmill::codec_worker {
namespace {

constexpr int kLengthMax = 16;
constexpr std::uint32_t kAcWindow = 1U << kJpegAcBits;

}  // namespace

bool JpegCodeLengths::build(const JpegHuffmanCodes& codes) {
  symbols_ = codes.symbols;
  std::uint32_t code = 0;
  int symbol = 0;
  for (int length = 1; length <= kLengthMax; ++length) {
    const int count = codes.counts[static_cast<std::size_t>(length - 1)];
    offsets_[static_cast<std::size_t>(length)] = symbol - static_cast<int>(code);
    code += static_cast<std::uint32_t>(count);
    symbol += count;
    if (code > 1U << length) return false;
    ends_[static_cast<std::size_t>(length)] = code << (kLengthMax - length);
    code <<= 1;
  }
  return codes.defined;
}

std::uint8_t JpegCodeLengths::take(JpegBits& bits) const {
  const std::uint32_t window = bits.peek(kLengthMax);
  int length = 1;
  while (length <= kLengthMax && window >= ends_[static_cast<std::size_t>(length)]) ++length;
  bits.drop(length);
  if (length > kLengthMax) return 0;
  const auto code = static_cast<int>(window >> (kLengthMax - length));
  return symbols_[static_cast<std::size_t>(code + offsets_[static_cast<std::size_t>(length)])];
}

template <int kBits>
bool JpegSymbolTable<kBits>::build(const JpegHuffmanCodes& codes) {
  if (!lengths_.build(codes)) return false;
  entries_.fill({});
  std::size_t at = 0;
  std::size_t symbol = 0;
  for (int length = 1; length <= kBits; ++length) {
    for (int i = 0; i < codes.counts[static_cast<std::size_t>(length - 1)]; ++i) {
      const Entry entry{static_cast<std::uint8_t>(length), codes.symbols[symbol++]};
      const std::size_t places = std::size_t{1} << (kBits - length);
      std::fill_n(entries_.begin() + static_cast<std::ptrdiff_t>(at), places, entry);
      at += places;
    }
  }
  return true;
}

template class JpegSymbolTable<kJpegDcBits>;
template class JpegSymbolTable<kJpegAcBits>;

bool are_jpeg_dc_codes(const JpegHuffmanCodes& codes) {
  return std::all_of(codes.symbols.begin(), codes.symbols.begin() + codes.symbol_count,
                     [](std::uint8_t symbol) { return symbol <= 15; });
}

bool JpegAcTable::build(const JpegHuffmanCodes& codes) {
  if (!symbols_.build(codes)) return false;
  for (std::uint32_t window = 0; window < kAcWindow; ++window) entries_[window] = single(window);
  pair_up();
  return true;
}

JpegAcEntry JpegAcTable::single(std::uint32_t window) const {
  const auto code = symbols_.entries_[window];
  const int run = code.symbol >> 4;
  const int size = code.symbol & 15;
  JpegAcEntry entry;
  if (code.length == 0) return entry;
  const int left = kJpegAcBits - code.length;
  if (size == 0) {
    // Sixteen zeros, or the end; other runs without a value are an end too, as libjpeg has it.
    entry.step = static_cast<std::uint8_t>(run == 15 ? 16 : kJpegEndOfBlock);
  } else if (size > 10 || left == 0) {
    return entry;  // no sign to be seen, or a value that no sound JPEG has
  } else {
    entry.step = static_cast<std::uint8_t>(run + 1);
    const int beyond = std::max(0, size - left);
    const std::uint32_t value = window >> std::max(0, left - size) << beyond;
    entry.value = static_cast<std::int16_t>(jpeg_extend(value & ((1U << size) - 1), size));
    entry.beyond = static_cast<std::uint8_t>(beyond) & 15;
  }
  entry.length = static_cast<std::uint8_t>(code.length + size);
  entry.first_length = entry.length & 15;
  entry.steps = entry.step;
  entry.last_value = entry.value;
  return entry;
}

// Where a second coefficient lies within the window as well, both are one entry.
void JpegAcTable::pair_up() {
  const auto singles = std::make_unique<decltype(entries_)>(entries_);
  for (std::uint32_t window = 0; window < kAcWindow; ++window) {
    JpegAcEntry& entry = entries_[window];
    if (entry.length == 0 || entry.length >= kJpegAcBits || entry.step == kJpegEndOfBlock) continue;
    const JpegAcEntry& second = (*singles)[window << entry.length & (kAcWindow - 1)];
    if (second.length == 0 || entry.length + second.length > kJpegAcBits) continue;
    entry.steps = static_cast<std::uint8_t>(entry.step + second.step);
    entry.last_value = second.value;
    entry.length = static_cast<std::uint8_t>(entry.length + second.length);
  }
}

}  // namespace imgmill::codec_worker
