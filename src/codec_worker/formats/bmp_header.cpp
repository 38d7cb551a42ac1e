#include "codec_worker/formats/bmp_header.h"

#include <algorithm>
#include <bit>

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::uint32_t kCoreHeaderBytes = 12;  // OS/2 1: sizes of 16 bits, palette of 3 bytes
constexpr std::uint32_t kInfoHeaderBytes = 40;
constexpr std::array<std::uint32_t, 8> kHeaderBytes{12, 16, 40, 52, 56, 64, 108, 124};
constexpr std::uint32_t kOs2HeaderBytes = 64;  // whose further fields are others

enum Compression : std::uint32_t {
  kRgb = 0,
  kRle8 = 1,
  kRle4 = 2,
  kBitFields = 3,
  kJpeg = 4,
  kPng = 5,
  kAlphaBitFields = 6,
};

class Parser {
 public:
  explicit Parser(Bytes source) : source_(source), reader_(source) {}

  Outcome<BmpHeader> run() {
    const auto header_bytes = bmp_header_bytes(source_);
    if (!header_bytes) return damaged();
    header_bytes_ = *header_bytes;
    reader_.skip(10);
    const std::uint32_t pixels_at = reader_.le32();
    reader_.skip(4);
    if (!read_geometry() || !check_packing()) return std::unexpected(fault_);
    if (!read_fields()) return damaged();
    read_palette(pixels_at);
    if (pixels_at > source_.size() || pixels_at < kFileHeaderBytes + header_bytes_) {
      return damaged();
    }
    out_.pixels = source_.subspan(pixels_at);
    return out_;
  }

 private:
  static std::unexpected<ImageFault> damaged() { return corrupt("the BMP's header is damaged"); }

  bool read_geometry() {
    if (header_bytes_ == kCoreHeaderBytes) {
      out_.size = {reader_.le16(), reader_.le16()};
    } else {
      out_.size.width = reader_.le32();
      const auto height = static_cast<std::int32_t>(reader_.le32());
      out_.top_down = height < 0;
      out_.size.height = out_.top_down ? 0U - static_cast<std::uint32_t>(height)
                                       : static_cast<std::uint32_t>(height);
    }
    const std::uint32_t planes = reader_.le16();
    out_.bits = static_cast<int>(reader_.le16());
    if (header_bytes_ >= kInfoHeaderBytes) {
      compression_ = reader_.le32();
      reader_.skip(12);
      colours_ = reader_.le32();
    }
    constexpr std::uint32_t kSideMax = 0x7fff'ffff;
    return reader_.ok() && planes == 1 && out_.size.width > 0 && out_.size.height > 0 &&
           out_.size.width <= kSideMax && out_.size.height <= kSideMax;
  }

  bool check_packing() {
    if (compression_ == kJpeg || compression_ == kPng) {
      fault_ = {FaultCode::kUnsupportedFormat, "a JPEG or PNG inside a BMP is not supported"};
      return false;
    }
    if (compression_ == kRle8) out_.packing = BmpPacking::kRle8;
    if (compression_ == kRle4) out_.packing = BmpPacking::kRle4;
    const int bits = out_.bits;
    const bool packed = out_.packing != BmpPacking::kNone;
    if (packed) return bits == (compression_ == kRle8 ? 8 : 4) && !out_.top_down;
    const bool fields = compression_ == kBitFields || compression_ == kAlphaBitFields;
    if (fields) return bits == 16 || bits == 32;
    constexpr std::array kBits{1, 2, 4, 8, 16, 24, 32};
    return compression_ == kRgb && std::ranges::find(kBits, bits) != kBits.end();
  }

  // The masks stand behind the first 40 bytes, whether these are the whole header or not.
  bool read_fields() {
    std::array<std::uint32_t, 4> masks{};
    if (out_.bits == 16) masks = {0x7c00, 0x03e0, 0x001f, 0};
    if (out_.bits == 32) masks = {0x00ff'0000, 0x0000'ff00, 0x0000'00ff, 0};
    const bool written = compression_ == kBitFields || compression_ == kAlphaBitFields;
    if (written && header_bytes_ != kOs2HeaderBytes) {
      ByteReader reader(source_);
      reader.skip(kFileHeaderBytes + kInfoHeaderBytes);
      for (std::size_t i = 0; i < 3; ++i) masks[i] = reader.le32();
      const bool alpha = compression_ == kAlphaBitFields || header_bytes_ >= 56;
      masks[3] = alpha ? reader.le32() : 0;
      if (!reader.ok()) return false;
    }
    for (std::size_t i = 0; i < masks.size(); ++i) {
      if (!set_field(out_.fields[i], masks[i])) return false;
    }
    return true;
  }

  // False when the mask has gaps.
  static bool set_field(BmpField& field, std::uint32_t mask) {
    if (mask == 0) return true;
    field.mask = mask;
    field.shift = std::countr_zero(mask);
    field.largest = mask >> field.shift;
    return (std::uint64_t{field.largest} & (std::uint64_t{field.largest} + 1)) == 0;
  }

  // Entries that the file has no room for stay black.
  void read_palette(std::uint32_t pixels_at) {
    if (out_.bits > 8) return;
    const std::size_t entry_bytes = header_bytes_ == kCoreHeaderBytes ? 3 : 4;
    const std::size_t at = kFileHeaderBytes + header_bytes_;
    const std::size_t end = std::min<std::size_t>(pixels_at, source_.size());
    const std::size_t room = end > at ? (end - at) / entry_bytes : 0;
    std::size_t count = std::size_t{1} << out_.bits;
    if (colours_ > 0) count = std::min<std::size_t>(count, colours_);
    count = std::min(count, room);
    out_.grey_palette = count > 0;
    ByteReader reader(source_);
    reader.skip(at);
    for (std::size_t i = 0; i < count; ++i) {
      auto& [red, green, blue] = out_.palette[i];
      blue = static_cast<std::uint8_t>(reader.u8());
      green = static_cast<std::uint8_t>(reader.u8());
      red = static_cast<std::uint8_t>(reader.u8());
      reader.skip(entry_bytes - 3);
      out_.grey_palette = out_.grey_palette && red == green && green == blue;
    }
  }

  Bytes source_;
  ByteReader reader_;
  BmpHeader out_;
  ImageFault fault_{FaultCode::kCorruptImage, "the BMP's header is damaged"};
  std::uint32_t header_bytes_ = 0;
  std::uint32_t compression_ = kRgb;
  std::uint32_t colours_ = 0;
};

}  // namespace

std::optional<std::uint32_t> bmp_header_bytes(Bytes source) {
  if (!reads(source, "BM")) return std::nullopt;
  ByteReader reader(source);
  reader.skip(kFileHeaderBytes);
  const std::uint32_t bytes = reader.le32();
  if (!reader.ok() || std::ranges::find(kHeaderBytes, bytes) == kHeaderBytes.end()) {
    return std::nullopt;
  }
  return bytes;
}

Outcome<BmpHeader> parse_bmp_header(Bytes source) { return Parser(source).run(); }

}  // namespace imgmill::codec_worker
