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

std::size_t palette_bytes(std::uint32_t flags) {
  return (flags & 0x80) == 0 ? 0 : std::size_t{3} << ((flags & 7) + 1);
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
  if (label != kFrameControlLabel) return;
  block.kind = GifBlockKind::kFrameControl;
  ByteReader control(sub_blocks);
  control.skip(1);
  const std::uint32_t flags = control.u8();
  control.skip(2);
  const auto transparent = static_cast<std::uint8_t>(control.u8());
  if (control.ok() && (flags & 1) != 0) block.transparent = transparent;
}

void GifBlocks::read_frame(GifBlock& block) {
  block.kind = GifBlockKind::kFrame;
  const std::size_t start = reader_.position() - 1;
  reader_.skip(4);
  block.frame.width = reader_.le16();
  block.frame.height = reader_.le16();
  block.frame.palette = reader_.take(palette_bytes(reader_.u8()));
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
  PictureInfo info{blocks->screen().width, blocks->screen().height, 0, 1};
  bool any_frame = false;
  while (const auto block = blocks->next()) {
    if (block->kind != GifBlockKind::kFrame) continue;
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
