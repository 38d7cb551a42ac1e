// The bytes of an upload as UTF-8 text, as they stream: UTF-8 with or without a BOM, or UTF-16 with
// one, which is transcoded. Strict: overlong forms, surrogates, code points above U+10FFFF and NUL
// are faults, also where a chunk ends inside a character. Text before a fault is handed out first,
// so that how the bytes were cut never changes what is read or said.
//
// Private to intake. Pure; one thread at a time; memory is one block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace imgmill {

enum class TextFault : std::uint8_t { kNone, kNulByte, kBrokenUtf8, kBrokenUtf16 };

struct DecodedText {
  std::string_view text;               // until the next call, or until the bytes that were fed go
  TextFault fault = TextFault::kNone;  // stands right behind `text`
};

class TextDecoder {
 public:
  // Takes some of `bytes` from their front, at least one; called until they are used up.
  [[nodiscard]] DecodedText next(std::span<const std::byte>& bytes);
  // What was still held back; a character cut off by the end of the file is a fault.
  [[nodiscard]] DecodedText finish();

 private:
  enum class Encoding : std::uint8_t { kUnknown, kUtf8, kUtf16Le, kUtf16Be };

  void decide();
  [[nodiscard]] DecodedText decode(std::span<const std::byte> bytes);
  [[nodiscard]] DecodedText pass_utf8(std::string_view bytes);
  [[nodiscard]] DecodedText from_utf16(std::string_view bytes);
  [[nodiscard]] TextFault take_utf8_byte(std::uint8_t byte);
  [[nodiscard]] TextFault take_utf16_unit(std::uint32_t unit);

  Encoding encoding_ = Encoding::kUnknown;
  std::string head_;   // the first bytes, until a BOM can be told
  std::string block_;  // what UTF-16 became
  // UTF-8: continuation bytes that must follow, and the range of the next one.
  std::uint8_t continuations_ = 0;
  std::uint8_t next_min_ = 0x80;
  std::uint8_t next_max_ = 0xBF;
  // UTF-16: the first byte of a unit, and the first unit of a surrogate pair.
  bool has_half_unit_ = false;
  std::uint8_t half_unit_ = 0;
  std::uint32_t high_surrogate_ = 0;
};

}  // namespace imgmill
