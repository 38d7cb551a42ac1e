#include "intake/text_decoder.h"

#include <algorithm>
#include <cstring>

namespace imgmill {
namespace {

constexpr std::size_t kBomBytesMax = 3;
// Small enough that the text is still in the cache when its fields are cut out.
constexpr std::size_t kBlockBytes = 32 << 10;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Whether eight bytes are all within 1..127.
bool plain_ascii8(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return (((word - kOnes) | word) & (kOnes << 7)) == 0;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

}  // namespace

DecodedText TextDecoder::next(std::span<const std::byte>& bytes) {
  if (encoding_ == Encoding::kUnknown) {
    const std::size_t taken = std::min(kBomBytesMax - head_.size(), bytes.size());
    head_ += as_text(bytes.first(taken));
    bytes = bytes.subspan(taken);
    if (head_.size() < kBomBytesMax) return {};
    decide();
    return decode(std::as_bytes(std::span(head_)));
  }
  const auto block = bytes.first(std::min(kBlockBytes, bytes.size()));
  bytes = bytes.subspan(block.size());
  return decode(block);
}

DecodedText TextDecoder::finish() {
  DecodedText held;
  if (encoding_ == Encoding::kUnknown) {
    decide();
    held = decode(std::as_bytes(std::span(head_)));
  }
  if (held.fault != TextFault::kNone) return held;
  if (continuations_ > 0) held.fault = TextFault::kBrokenUtf8;
  if (has_half_unit_ || high_surrogate_ != 0) held.fault = TextFault::kBrokenUtf16;
  return held;
}

void TextDecoder::decide() {
  const auto strip = [this](std::string_view bom) {
    if (!head_.starts_with(bom)) return false;
    head_.erase(0, bom.size());
    return true;
  };
  encoding_ = Encoding::kUtf8;
  if (strip("\xEF\xBB\xBF")) return;
  if (strip("\xFF\xFE")) encoding_ = Encoding::kUtf16Le;
  if (strip("\xFE\xFF")) encoding_ = Encoding::kUtf16Be;
}

DecodedText TextDecoder::decode(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes);
  return encoding_ == Encoding::kUtf8 ? pass_utf8(text) : from_utf16(text);
}

DecodedText TextDecoder::pass_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (continuations_ == 0 && bytes.size() - at >= 8 && plain_ascii8(bytes.data() + at)) {
      at += 8;
      continue;
    }
    const TextFault fault = take_utf8_byte(static_cast<std::uint8_t>(bytes[at]));
    if (fault != TextFault::kNone) return {bytes.substr(0, at), fault};
    ++at;
  }
  return {bytes, TextFault::kNone};
}

// Table 3-7 of the Unicode standard: only the first continuation byte has a range of its own.
TextFault TextDecoder::take_utf8_byte(std::uint8_t byte) {
  if (continuations_ > 0) {
    if (byte < next_min_ || byte > next_max_) return TextFault::kBrokenUtf8;
    --continuations_;
    next_min_ = 0x80;
    next_max_ = 0xBF;
    return TextFault::kNone;
  }
  if (byte == 0) return TextFault::kNulByte;
  if (byte < 0x80) return TextFault::kNone;
  if (byte < 0xC2 || byte > 0xF4) return TextFault::kBrokenUtf8;
  continuations_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  if (byte == 0xE0) next_min_ = 0xA0;
  if (byte == 0xED) next_max_ = 0x9F;
  if (byte == 0xF0) next_min_ = 0x90;
  if (byte == 0xF4) next_max_ = 0x8F;
  return TextFault::kNone;
}

DecodedText TextDecoder::from_utf16(std::string_view bytes) {
  block_.clear();
  for (const char character : bytes) {
    const auto byte = static_cast<std::uint8_t>(character);
    has_half_unit_ = !has_half_unit_;
    if (has_half_unit_) {
      half_unit_ = byte;
      continue;
    }
    const bool little = encoding_ == Encoding::kUtf16Le;
    const auto low = static_cast<std::uint32_t>(little ? half_unit_ : byte);
    const auto high = static_cast<std::uint32_t>(little ? byte : half_unit_);
    const TextFault fault = take_utf16_unit(high << 8 | low);
    if (fault != TextFault::kNone) return {block_, fault};
  }
  return {block_, TextFault::kNone};
}

TextFault TextDecoder::take_utf16_unit(std::uint32_t unit) {
  const bool is_high = unit >= 0xD800 && unit < 0xDC00;
  const bool is_low = unit >= 0xDC00 && unit < 0xE000;
  if (unit == 0) return TextFault::kNulByte;
  if (is_low != (high_surrogate_ != 0)) return TextFault::kBrokenUtf16;
  if (is_high) {
    high_surrogate_ = unit;
    return TextFault::kNone;
  }
  const std::uint32_t pair = 0x10000 + ((high_surrogate_ - 0xD800) << 10) + (unit - 0xDC00);
  append_utf8(block_, is_low ? pair : unit);
  high_surrogate_ = 0;
  return TextFault::kNone;
}

}  // namespace imgmill
