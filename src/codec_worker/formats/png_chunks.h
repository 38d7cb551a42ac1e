// The container of PNG: signature, chunks, checksums, and which chunks a rendition keeps.
#pragma once

#include <optional>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

// Some encoders leave a little more data than the picture needs; readers ignore it.
inline constexpr std::size_t kPngSurplusBytes = 64 << 10;

struct PngChunk {
  std::uint32_t type = 0;
  Bytes data;
  Bytes whole;  // with length, type and checksum
};

// Walks the chunks in order; IEND is the last. Checksums of critical chunks are checked.
class PngChunks {
 public:
  explicit PngChunks(Bytes source);
  // nullopt behind IEND, or at a fault, which broken() tells.
  [[nodiscard]] std::optional<PngChunk> next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  ByteReader reader_;
  Bytes source_;
  bool broken_ = false;
  bool ended_ = false;
};

enum class PngColor : std::uint8_t { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgba = 6 };

struct PngHeader {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  int depth = 8;  // bits a sample, or a palette index
  PngColor color = PngColor::kRgba;
  bool interlaced = false;

  [[nodiscard]] int channels() const;
  [[nodiscard]] int bits_per_pixel() const { return channels() * depth; }
  [[nodiscard]] std::uint64_t row_bytes(std::uint32_t pixels) const {
    return (std::uint64_t{pixels} * static_cast<std::uint64_t>(bits_per_pixel()) + 7) / 8;
  }
};

// kCorruptImage for what no PNG may say.
[[nodiscard]] Outcome<PngHeader> parse_png_header(Bytes ihdr);
// The first chunk alone, for what is told from it. kCorruptImage.
[[nodiscard]] Outcome<PngHeader> read_png_header(Bytes source);

void append_png_signature(Buffer& out);
void append_png_chunk(Buffer& out, std::uint32_t type, Bytes data);
void append_png_header(Buffer& out, const PngHeader& header);

// True for the chunks that say what colours mean and how large a pixel is, but for a broken
// profile.
[[nodiscard]] bool is_png_colour_or_density(const PngChunk& chunk);
// An eXIf chunk reduced to its orientation; nothing is appended when that is upright.
void append_png_orientation(Buffer& out, Bytes exif);

}  // namespace imgmill::codec_worker
