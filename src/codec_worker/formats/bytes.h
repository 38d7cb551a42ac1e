// Reading and writing the numbers and runs of bytes that containers are made of. A reader never
// leaves its bytes: past their end everything reads as zero and ok() turns false, so that a parser
// asks once behind a group of reads. Includes nothing of ours.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace imgmill::codec_worker {

using Bytes = std::span<const std::byte>;
using Buffer = std::vector<std::byte>;

class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

  // The next `count` bytes; none, and ok() turns false, when there are fewer.
  Bytes take(std::size_t count) {
    if (count > left()) {
      ok_ = false;
      at_ = bytes_.size();
      return {};
    }
    const Bytes taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
  }
  void skip(std::size_t count) { take(count); }

  std::uint32_t u8() { return big(1); }
  std::uint32_t be16() { return big(2); }
  std::uint32_t be32() { return big(4); }
  std::uint32_t le16() { return little(2); }
  std::uint32_t le24() { return little(3); }
  std::uint32_t le32() { return little(4); }

 private:
  std::uint32_t big(std::size_t count) {
    std::uint32_t value = 0;
    for (const std::byte byte : take(count))
      value = value << 8 | std::to_integer<std::uint32_t>(byte);
    return value;
  }
  std::uint32_t little(std::size_t count) {
    std::uint32_t value = 0;
    const Bytes taken = take(count);
    for (std::size_t i = taken.size(); i-- > 0;) {
      value = value << 8 | std::to_integer<std::uint32_t>(taken[i]);
    }
    return value;
  }

  Bytes bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

inline void append(Buffer& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
inline void append(Buffer& out, std::string_view text) {
  append(out, std::as_bytes(std::span(text.data(), text.size())));
}
inline void append_u8(Buffer& out, std::uint32_t value) {
  out.push_back(static_cast<std::byte>(value & 0xff));
}
inline void append_be16(Buffer& out, std::uint32_t value) {
  append_u8(out, value >> 8);
  append_u8(out, value);
}
inline void append_be32(Buffer& out, std::uint32_t value) {
  append_be16(out, value >> 16);
  append_be16(out, value);
}
inline void append_le16(Buffer& out, std::uint32_t value) {
  append_u8(out, value);
  append_u8(out, value >> 8);
}
inline void append_le24(Buffer& out, std::uint32_t value) {
  append_le16(out, value);
  append_u8(out, value >> 16);
}
inline void append_le32(Buffer& out, std::uint32_t value) {
  append_le16(out, value);
  append_le16(out, value >> 16);
}

// True when `bytes`, from `at` on, reads `text`.
[[nodiscard]] inline bool reads(Bytes bytes, std::string_view text, std::size_t at = 0) {
  return at <= bytes.size() && bytes.size() - at >= text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

// The four letters of a chunk or box as its big-endian number.
[[nodiscard]] consteval std::uint32_t four(const char (&name)[5]) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(name[i]);
  return value;
}

}  // namespace imgmill::codec_worker
