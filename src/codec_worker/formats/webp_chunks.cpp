#include "codec_worker/formats/webp_chunks.h"

#include "codec_worker/formats/exif.h"
#include "codec_worker/formats/icc.h"
#include "codec_worker/formats/webp.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::uint32_t kVp8 = four("VP8 ");
constexpr std::uint32_t kVp8l = four("VP8L");
constexpr std::uint32_t kAlpha = four("ALPH");
constexpr std::size_t kChunkHeaderBytes = 8;
constexpr std::size_t kFrameHeaderBytes = 16;
// An hour at 20 frames a second; each frame costs a small record here.
constexpr std::size_t kFramesMax = 72'000;

constexpr std::uint32_t kFlagAnimation = 0x02;
constexpr std::uint32_t kFlagExif = 0x08;
constexpr std::uint32_t kFlagAlpha = 0x10;
constexpr std::uint32_t kFlagIcc = 0x20;

struct Size {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

// The frame's size as its own bits say; 0 × 0 when they are broken.
Size coded_size(const WebpFrame& frame) {
  ByteReader reader(frame.image);
  Size size;
  if (frame.lossless) {
    const std::uint32_t signature = reader.u8();
    const std::uint32_t bits = reader.le32();
    if (signature == 0x2f) size = {(bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1};
  } else {
    const std::uint32_t tag = reader.le24();
    const bool key_frame = (tag & 1) == 0 && reads(reader.take(3), "\x9d\x01\x2a");
    const std::uint32_t width = reader.le16() & 0x3fff;
    const std::uint32_t height = reader.le16() & 0x3fff;
    if (key_frame) size = {width, height};
  }
  return reader.ok() ? size : Size{};
}

std::size_t padded(std::size_t size) { return size + size % 2; }

// Places are stored halved.
bool fits_canvas(const WebpAnimationFrame& frame, const WebpFile& file) {
  ByteReader header(frame.header);
  const std::uint64_t x = 2 * std::uint64_t{header.le24()};
  const std::uint64_t y = 2 * std::uint64_t{header.le24()};
  return x + frame.width <= file.width && y + frame.height <= file.height;
}

Outcome<void> add_chunk(WebpFile& file, const WebpChunk& chunk) {
  if (chunk.type == four("VP8X")) {
    ByteReader reader(chunk.data);
    reader.skip(4);
    file.width = reader.le24() + 1;
    file.height = reader.le24() + 1;
    if (!reader.ok()) return corrupt("the WebP's header is damaged");
    file.extended = true;
  } else if (chunk.type == four("ICCP") && file.icc.empty()) {
    if (icc_is_sound(chunk.data)) file.icc = chunk.data;
  } else if (chunk.type == four("EXIF") && file.exif.empty()) {
    file.exif = chunk.data;
  } else if (chunk.type == four("ANIM")) {
    file.animation = chunk.data;
  } else if (chunk.type == four("ANMF")) {
    if (file.animation_frames.size() == kFramesMax) return corrupt("the WebP has too many frames");
    auto frame = parse_webp_animation_frame(chunk.data);
    if (!frame) return std::unexpected(frame.error());
    file.animation_frames.push_back(*frame);
  }
  return {};
}

bool any_alpha(const WebpFile& file) {
  return file.still.has_alpha() ||
         std::ranges::any_of(file.animation_frames,
                             [](const auto& frame) { return frame.frame.has_alpha(); });
}

void append_extended_header(Buffer& out, const WebpFile& file, const Buffer& exif) {
  const std::uint32_t flags = (file.animated() ? kFlagAnimation : 0) |
                              (exif.empty() ? 0 : kFlagExif) | (any_alpha(file) ? kFlagAlpha : 0) |
                              (file.icc.empty() ? 0 : kFlagIcc);
  Buffer data;
  append_le32(data, flags);
  append_le24(data, file.width - 1);
  append_le24(data, file.height - 1);
  append_webp_chunk(out, four("VP8X"), data);
}

}  // namespace

std::optional<WebpChunk> WebpChunks::next() {
  if (broken_ || reader_.left() < kChunkHeaderBytes) return std::nullopt;
  const std::uint32_t type = reader_.be32();
  const std::uint32_t size = reader_.le32();
  const Bytes data = reader_.take(size);
  broken_ = !reader_.ok();
  if (broken_) return std::nullopt;
  if (size % 2 != 0 && reader_.left() > 0) reader_.skip(1);
  return WebpChunk{type, data};
}

void append_webp_chunk(Buffer& out, std::uint32_t type, Bytes data) {
  append_be32(out, type);
  append_le32(out, static_cast<std::uint32_t>(data.size()));
  append(out, data);
  if (data.size() % 2 != 0) append_u8(out, 0);
}

bool WebpFrame::has_alpha() const {
  constexpr std::size_t kVp8lFlagsAt = 4;
  if (!lossless) return !alpha.empty();
  return image.size() > kVp8lFlagsAt && (image[kVp8lFlagsAt] & std::byte{0x10}) != std::byte{0};
}

WebpFrame find_webp_frame(Bytes bytes) {
  WebpFrame frame;
  WebpChunks chunks(bytes);
  while (const auto chunk = chunks.next()) {
    if (chunk->type == kAlpha) frame.alpha = chunk->data;
    if (chunk->type != kVp8 && chunk->type != kVp8l) continue;
    frame.image = chunk->data;
    frame.lossless = chunk->type == kVp8l;
    if (frame.lossless) frame.alpha = {};
    break;
  }
  return frame;
}

void append_webp_frame(Buffer& out, const WebpFrame& frame) {
  if (!frame.alpha.empty()) append_webp_chunk(out, kAlpha, frame.alpha);
  append_webp_chunk(out, frame.lossless ? kVp8l : kVp8, frame.image);
}

std::size_t webp_frame_bytes(const WebpFrame& frame) {
  const std::size_t alpha =
      frame.alpha.empty() ? 0 : kChunkHeaderBytes + padded(frame.alpha.size());
  return alpha + kChunkHeaderBytes + padded(frame.image.size());
}

Outcome<WebpAnimationFrame> parse_webp_animation_frame(Bytes anmf) {
  ByteReader reader(anmf);
  WebpAnimationFrame out;
  out.header = reader.take(kFrameHeaderBytes);
  ByteReader header(out.header);
  header.skip(6);
  out.width = header.le24() + 1;
  out.height = header.le24() + 1;
  out.frame = find_webp_frame(reader.take(reader.left()));
  const Size size = coded_size(out.frame);
  const bool fits = reader.ok() && size.width == out.width && size.height == out.height;
  if (!fits) return corrupt("a frame of the WebP is cut off or damaged");
  return out;
}

Outcome<WebpFile> parse_webp(Bytes source) {
  ByteReader riff(source);
  riff.skip(4);
  const Bytes body = riff.take(riff.le32());
  if (body.size() < 4) return corrupt("the WebP is cut off");
  const Bytes inside = body.subspan(4);  // behind "WEBP"
  WebpFile file;
  WebpChunks chunks(inside);
  while (const auto chunk = chunks.next()) {
    if (auto added = add_chunk(file, *chunk); !added) return std::unexpected(added.error());
  }
  if (chunks.broken()) return corrupt("the WebP is cut off");
  if (file.animated()) {
    const bool has_headers = file.width > 0 && file.animation.size() >= 6;
    if (!has_headers) return corrupt("the WebP's animation header is missing");
    const bool all_fit = std::ranges::all_of(
        file.animation_frames, [&](const auto& frame) { return fits_canvas(frame, file); });
    if (!all_fit) return corrupt("a frame of the WebP is larger than its canvas");
    return file;
  }
  file.still = find_webp_frame(inside);
  const Size size = coded_size(file.still);
  if (size.width == 0 || size.height == 0) return corrupt("the WebP holds no picture");
  file.width = size.width;
  file.height = size.height;
  if (!file.extended) file.icc = file.exif = file.still.alpha = {};  // as readers do
  return file;
}

Buffer write_webp(const WebpFile& file) {
  const Buffer exif = only_orientation(file.exif);
  const bool extended =
      file.animated() || !file.icc.empty() || !exif.empty() || !file.still.alpha.empty();
  Buffer body;
  append(body, std::string_view("WEBP"));
  if (extended) append_extended_header(body, file, exif);
  if (!file.icc.empty()) append_webp_chunk(body, four("ICCP"), file.icc);
  if (file.animated()) append_webp_chunk(body, four("ANIM"), file.animation);
  for (const WebpAnimationFrame& frame : file.animation_frames) {
    Buffer data;
    append(data, frame.header);
    append_webp_frame(data, frame.frame);
    append_webp_chunk(body, four("ANMF"), data);
  }
  if (!file.animated()) append_webp_frame(body, file.still);
  if (!exif.empty()) append_webp_chunk(body, four("EXIF"), exif);
  Buffer out;
  append(out, std::string_view("RIFF"));
  append_le32(out, static_cast<std::uint32_t>(body.size()));
  append(out, body);
  return out;
}

namespace {

SourceKind kind_of(const WebpFile& file) {
  if (file.animated()) return SourceKind::kWebpAnimated;
  if (file.still.lossless) return SourceKind::kWebpLossless;
  return file.still.has_alpha() ? SourceKind::kWebpLossyAlpha : SourceKind::kWebpLossy;
}

}  // namespace

Outcome<PictureInfo> inspect_webp(Bytes source) {
  const auto file = parse_webp(source);
  if (!file) return std::unexpected(file.error());
  PictureInfo info{file->width, file->height, 0, orientation_of(file->exif), kind_of(*file)};
  info.channels = any_alpha(*file) ? 4 : 3;
  const std::size_t frames = std::max<std::size_t>(1, file->animation_frames.size());
  for (std::size_t i = 0; i < frames; ++i) info.add_frame(info.width, info.height);
  return info;
}

Outcome<Buffer> strip_webp(Bytes source) {
  const auto file = parse_webp(source);
  if (!file) return std::unexpected(file.error());
  return write_webp(*file);
}

}  // namespace imgmill::codec_worker
