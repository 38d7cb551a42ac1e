#include "codec_worker/formats/png_chunks.h"

#include <libdeflate.h>

#include "codec_worker/formats/exif.h"
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_icc.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n");
constexpr std::uint32_t kChunkBytesMax = 0x7fff'ffff;  // the format's own bound

std::uint32_t checksum(Bytes bytes) { return libdeflate_crc32(0, bytes.data(), bytes.size()); }

// Bit 5 of the first letter is clear in chunks that a reader must understand.
bool is_critical(std::uint32_t type) { return (type & 0x2000'0000) == 0; }

bool is_animation(std::uint32_t type) {
  return type == four("acTL") || type == four("fcTL") || type == four("fdAT");
}

bool depth_fits(int depth, PngColor color) {
  const bool packed = depth == 1 || depth == 2 || depth == 4;
  switch (color) {
    case PngColor::kGrey:
      return packed || depth == 8 || depth == 16;
    case PngColor::kPalette:
      return packed || depth == 8;
    case PngColor::kRgb:
    case PngColor::kGreyAlpha:
    case PngColor::kRgba:
      return depth == 8 || depth == 16;
  }
  return false;
}

}  // namespace

PngChunks::PngChunks(Bytes source) : reader_(source), source_(source) {
  reader_.skip(kSignature.size());
}

std::optional<PngChunk> PngChunks::next() {
  if (ended_ || broken_) return std::nullopt;
  const std::size_t start = reader_.position();
  const std::uint32_t length = reader_.be32();
  const Bytes type_and_data = reader_.take(length <= kChunkBytesMax ? std::size_t{length} + 4 : 0);
  const std::uint32_t stated = reader_.be32();
  broken_ = !reader_.ok() || length > kChunkBytesMax;
  if (broken_) return std::nullopt;
  PngChunk chunk{ByteReader(type_and_data).be32(), type_and_data.subspan(4),
                 source_.subspan(start, reader_.position() - start)};
  broken_ = is_critical(chunk.type) && checksum(type_and_data) != stated;
  if (broken_) return std::nullopt;
  ended_ = chunk.type == four("IEND");
  return chunk;
}

int PngHeader::channels() const {
  switch (color) {
    case PngColor::kGrey:
    case PngColor::kPalette:
      return 1;
    case PngColor::kGreyAlpha:
      return 2;
    case PngColor::kRgb:
      return 3;
    case PngColor::kRgba:
      return 4;
  }
  return 4;
}

Outcome<PngHeader> parse_png_header(Bytes ihdr) {
  ByteReader reader(ihdr);
  PngHeader header;
  header.width = reader.be32();
  header.height = reader.be32();
  header.depth = static_cast<int>(reader.u8());
  header.color = static_cast<PngColor>(reader.u8());
  const std::uint32_t compression = reader.u8();
  const std::uint32_t filter = reader.u8();
  const std::uint32_t interlace = reader.u8();
  header.interlaced = interlace == 1;
  const bool size_fits = header.width > 0 && header.height > 0 && header.width <= kChunkBytesMax &&
                         header.height <= kChunkBytesMax;
  const bool fits = reader.ok() && size_fits && depth_fits(header.depth, header.color) &&
                    compression == 0 && filter == 0 && interlace <= 1;
  if (!fits) return corrupt("the PNG's header is damaged");
  return header;
}

void append_png_signature(Buffer& out) { append(out, kSignature); }

void append_png_chunk(Buffer& out, std::uint32_t type, Bytes data) {
  append_be32(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t checked_from = out.size();
  append_be32(out, type);
  append(out, data);
  append_be32(out, checksum(Bytes(out).subspan(checked_from)));
}

void append_png_header(Buffer& out, const PngHeader& header) {
  Buffer ihdr;
  append_be32(ihdr, header.width);
  append_be32(ihdr, header.height);
  append_u8(ihdr, static_cast<std::uint32_t>(header.depth));
  append_u8(ihdr, static_cast<std::uint32_t>(header.color));
  append_be16(ihdr, 0);  // the only compression and the only filter method
  append_u8(ihdr, header.interlaced ? 1 : 0);
  append_png_chunk(out, four("IHDR"), ihdr);
}

bool is_png_colour_or_density(const PngChunk& chunk) {
  if (chunk.type == four("iCCP")) return is_sound_iccp(chunk.data);
  for (const std::uint32_t kept :
       {four("gAMA"), four("cHRM"), four("sRGB"), four("cICP"), four("pHYs")}) {
    if (chunk.type == kept) return true;
  }
  return false;
}

void append_png_orientation(Buffer& out, Bytes exif) {
  const Buffer orientation = only_orientation(exif);
  if (!orientation.empty()) append_png_chunk(out, four("eXIf"), orientation);
}

Outcome<PngHeader> read_png_header(Bytes source) {
  const auto first = PngChunks(source).next();
  if (!first || first->type != four("IHDR")) return corrupt("the PNG's header is damaged");
  return parse_png_header(first->data);
}

Outcome<PictureInfo> inspect_png(Bytes source) {
  const auto header = read_png_header(source);
  if (!header) return std::unexpected(header.error());
  PngChunks chunks(source);
  PictureInfo info{header->width, header->height, 0, 1, SourceKind::kPng};
  info.channels = header->color == PngColor::kPalette ? 3 : header->channels();
  if (header->interlaced) info.held_bytes = header->row_bytes(header->width) * header->height;
  while (const auto chunk = chunks.next()) {
    if (chunk->type == four("tRNS") && info.channels % 2 == 1) ++info.channels;
    if (chunk->type == four("eXIf")) info.orientation = orientation_of(chunk->data);
    if (chunk->type != four("fcTL")) continue;
    ByteReader frame(chunk->data.subspan(std::min<std::size_t>(4, chunk->data.size())));
    const std::uint32_t width = frame.be32();
    info.add_frame(width, frame.be32());
  }
  if (info.pixels == 0) info.add_frame(info.width, info.height);
  return info;
}

Outcome<Buffer> strip_png(Bytes source) {
  Buffer out;
  out.reserve(source.size());
  append_png_signature(out);
  PngChunks chunks(source);
  bool has_data = false;
  while (const auto chunk = chunks.next()) {
    has_data = has_data || chunk->type == four("IDAT");
    const bool stays = is_critical(chunk->type) || is_animation(chunk->type) ||
                       is_png_colour_or_density(*chunk) || chunk->type == four("tRNS") ||
                       chunk->type == four("sBIT");
    if (stays) append(out, chunk->whole);
    if (chunk->type == four("eXIf")) append_png_orientation(out, chunk->data);
  }
  if (chunks.broken() || !has_data) return corrupt("the PNG is cut off or damaged");
  return out;
}

}  // namespace imgmill::codec_worker
