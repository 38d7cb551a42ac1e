#include "codec_worker/formats/exif.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShortType = 3;

Bytes without_prefix(Bytes exif) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  return reads(exif, kPrefix) ? exif.subspan(kPrefix.size()) : exif;
}

// A TIFF block's numbers are in the order that its first two bytes name.
class OrderedReader {
 public:
  OrderedReader(Bytes bytes, bool little) : reader_(bytes), little_(little) {}
  std::uint32_t u16() { return little_ ? reader_.le16() : reader_.be16(); }
  std::uint32_t u32() { return little_ ? reader_.le32() : reader_.be32(); }
  [[nodiscard]] bool ok() const { return reader_.ok(); }
  void skip(std::size_t count) { reader_.skip(count); }

 private:
  ByteReader reader_;
  bool little_;
};

}  // namespace

int orientation_of(Bytes exif) {
  const Bytes tiff = without_prefix(exif);
  const bool little = reads(tiff, std::string_view("II*\0", 4));
  if (!little && !reads(tiff, std::string_view("MM\0*", 4))) return 1;
  OrderedReader header(tiff.subspan(4), little);
  const std::uint32_t directory = header.u32();
  if (!header.ok() || directory >= tiff.size()) return 1;
  OrderedReader entries(tiff.subspan(directory), little);
  for (std::uint32_t count = entries.u16(); count > 0 && entries.ok(); --count) {
    const std::uint32_t tag = entries.u16();
    const std::uint32_t type = entries.u16();
    entries.skip(4);
    const std::uint32_t value = entries.u16();
    entries.skip(2);
    if (tag != kOrientationTag) continue;
    const bool valid = entries.ok() && type == kShortType && value >= 1 && value <= 8;
    return valid ? static_cast<int>(value) : 1;
  }
  return 1;
}

Buffer only_orientation(Bytes exif) {
  const int orientation = orientation_of(exif);
  if (orientation == 1) return {};
  Buffer out;
  append(out, std::string_view("MM\0*", 4));
  append_be32(out, 8);  // the only directory stands right behind
  append_be16(out, 1);
  append_be16(out, kOrientationTag);
  append_be16(out, kShortType);
  append_be32(out, 1);
  append_be16(out, static_cast<std::uint32_t>(orientation));
  append_be16(out, 0);
  append_be32(out, 0);  // no further directory
  // A block shorter than the minimal one (its end is missing) has no room for anything private.
  const Bytes tiff = without_prefix(exif);
  if (tiff.size() < out.size()) out.assign(tiff.begin(), tiff.end());
  return out;
}

}  // namespace imgmill::codec_worker
