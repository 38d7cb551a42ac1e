#include "codec_worker/formats/gif_blocks.h"

#include "codec_worker/formats/gif.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kSignatureBytes = 6;
constexpr std::uint32_t kExtensionMark = 0x21;
constexpr std::uint32_t kFrameMark = 0x2c;
constexpr std::uint32_t kEndMark = 0x3b;
constexpr std::uint32_t kFrameControlLabel = 0xf9;
constexpr std::uint32_t kApplicationLabel = 0xff;
constexpr std::size_t kSubBlockBytesMax = 255;
constexpr int kMsPerTick = 10;
// LZW cannot pack tighter than a full dictionary's longest run a code, so a frame that promises
// more indices lies.
constexpr std::uint64_t kUnpackRatioMax = 4'096;
constexpr int kCodeBitsMax = 8;

std::size_t palette_bytes(std::uint32_t flags) {
  return (flags & 0x80) == 0 ? 0 : std::size_t{3} << ((flags & 7) + 1);
}

// An application block for animations: its sub-block behind the name says how often.
std::optional<int> repeats_of(Bytes sub_blocks) {
  if (!reads(sub_blocks, "NETSCAPE2.0", 1) && !reads(sub_blocks, "ANIMEXTS1.0", 1)) {
    return std::nullopt;
  }
  ByteReader reader(sub_blocks);
  reader.skip(12);
  const bool counts = reader.u8() >= 3 && reader.u8() == 1;
  const auto repeats = static_cast<int>(reader.le16());
  if (!counts || !reader.ok()) return std::nullopt;
  return repeats;
}

bool application_stays(Bytes sub_blocks) {
  for (const std::string_view name : {"NETSCAPE2.0", "ANIMEXTS1.0", "ICCRGBG1012"}) {
    if (reads(sub_blocks, name, 1)) return true;
  }
  return false;
}

}  // namespace

Outcome<GifBlocks> GifBlocks::create(Bytes source) {
  GifBlocks blocks(source);
  ByteReader& reader = blocks.reader_;
  reader.skip(kSignatureBytes);
  blocks.screen_.width = reader.le16();
  blocks.screen_.height = reader.le16();
  const std::uint32_t flags = reader.u8();
  reader.skip(2);
  blocks.screen_.palette = reader.take(palette_bytes(flags));
  if (!reader.ok()) return corrupt("the GIF is cut off");
  blocks.screen_.whole = source.first(reader.position());
  return blocks;
}

Bytes GifBlocks::take_sub_blocks() {
  const std::size_t start = reader_.position();
  while (const std::uint32_t size = reader_.u8()) reader_.skip(size);
  return source_.subspan(start, reader_.position() - start);
}

void GifBlocks::read_extension(GifBlock& block) {
  const std::uint32_t label = reader_.u8();
  const Bytes sub_blocks = take_sub_blocks();
  block.kind = GifBlockKind::kExtension;
  block.stays = label == kApplicationLabel && application_stays(sub_blocks);
  if (label == kApplicationLabel) block.repeats = repeats_of(sub_blocks);
  if (label != kFrameControlLabel) return;
  block.kind = GifBlockKind::kFrameControl;
  ByteReader control(sub_blocks);
  control.skip(1);
  const std::uint32_t flags = control.u8();
  block.control.delay_ms = static_cast<int>(control.le16()) * kMsPerTick;
  block.control.disposal = static_cast<GifDisposal>(std::min((flags >> 2) & 7, 3U));
  const auto transparent = static_cast<std::uint8_t>(control.u8());
  if (control.ok() && (flags & 1) != 0) block.control.transparent = transparent;
}

void GifBlocks::read_frame(GifBlock& block) {
  block.kind = GifBlockKind::kFrame;
  const std::size_t start = reader_.position() - 1;
  block.frame.left = reader_.le16();
  block.frame.top = reader_.le16();
  block.frame.width = reader_.le16();
  block.frame.height = reader_.le16();
  const std::uint32_t flags = reader_.u8();
  block.frame.interlaced = (flags & 0x40) != 0;
  block.frame.palette = reader_.take(palette_bytes(flags));
  block.frame.descriptor = source_.subspan(start, reader_.position() - start);
  block.frame.code_bits = static_cast<int>(reader_.u8());
  block.frame.sub_blocks = take_sub_blocks();
}

std::optional<GifBlock> GifBlocks::next() {
  if (ended_ || broken_ || reader_.at_end()) return std::nullopt;
  const std::size_t start = reader_.position();
  GifBlock block;
  const std::uint32_t mark = reader_.u8();
  if (mark == kExtensionMark) {
    read_extension(block);
  } else if (mark == kFrameMark) {
    read_frame(block);
  } else {
    // Anything else where a block should begin ends the picture, as in every decoder.
    ended_ = true;
    if (mark != kEndMark) return std::nullopt;
  }
  broken_ = !reader_.ok();
  if (broken_) return std::nullopt;
  block.whole = source_.subspan(start, reader_.position() - start);
  return block;
}

Outcome<LzwIndices> unpack_gif_frame(const GifFrame& frame) {
  const std::uint64_t count = std::uint64_t{frame.width} * frame.height;
  if (frame.code_bits < 1 || frame.code_bits > kCodeBitsMax) {
    return corrupt("a frame of the GIF is damaged");
  }
  const Buffer packed = join_gif_sub_blocks(frame.sub_blocks);
  if (count / kUnpackRatioMax > packed.size() * 8) return corrupt("a frame of the GIF is cut off");
  LzwIndices unpacked = unpack_lzw(packed, frame.code_bits, count);
  if (unpacked.end == LzwEnd::kBroken) return corrupt("a frame of the GIF is damaged");
  return unpacked;
}

Buffer join_gif_sub_blocks(Bytes sub_blocks) {
  Buffer out;
  out.reserve(sub_blocks.size());
  ByteReader reader(sub_blocks);
  while (const std::uint32_t size = reader.u8()) append(out, reader.take(size));
  return out;
}

void append_gif_sub_blocks(Buffer& out, Bytes data) {
  while (!data.empty()) {
    const std::size_t size = std::min(kSubBlockBytesMax, data.size());
    append_u8(out, static_cast<std::uint32_t>(size));
    append(out, data.first(size));
    data = data.subspan(size);
  }
  append_u8(out, 0);
}

Outcome<PictureInfo> inspect_gif(Bytes source) {
  auto blocks = GifBlocks::create(source);
  if (!blocks) return std::unexpected(blocks.error());
  PictureInfo info{blocks->screen().width, blocks->screen().height, 0, 1, SourceKind::kGif, 4};
  bool any_frame = false;
  while (const auto block = blocks->next()) {
    if (block->kind != GifBlockKind::kFrame) continue;
    if (any_frame) info.kind = SourceKind::kGifAnimated;
    any_frame = true;
    // Some encoders leave the screen's size out; the first frame's then counts.
    if (info.width == 0) info.width = block->frame.width;
    if (info.height == 0) info.height = block->frame.height;
    // A frame is decoded alone here, but whoever shows it composes a whole screen.
    info.add_frame(std::max(info.width, block->frame.width),
                   std::max(info.height, block->frame.height));
  }
  if (blocks->broken()) return corrupt("the GIF is cut off");
  if (!any_frame || info.width == 0 || info.height == 0) return corrupt("the GIF holds no picture");
  return info;
}

}  // namespace imgmill::codec_worker
