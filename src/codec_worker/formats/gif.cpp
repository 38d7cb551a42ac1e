#include "codec_worker/formats/gif.h"

#include "codec_worker/formats/gif_blocks.h"
#include "codec_worker/formats/lzw.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::uint32_t kEndMark = 0x3b;
constexpr int kCodeBitsMin = 2;
constexpr int kCodeBitsMax = 8;
// LZW cannot pack tighter than a full dictionary's longest run a code, so a frame that promises
// more indices lies.
constexpr std::uint64_t kUnpackRatioMax = 4'096;

// How far a colour may move: 15 of 255 levels at quality 50, none from 98 on.
int distance_max(int quality) { return (100 - quality) * 3 / 10; }

// Writes a GIF block by block. `repack` gives the frame's data anew, or nothing to take the
// source's.
template <class Repack>
Outcome<Buffer> rewrite(Bytes source, Repack repack) {
  auto blocks = GifBlocks::create(source);
  if (!blocks) return std::unexpected(blocks.error());
  Buffer out;
  out.reserve(source.size());
  append(out, blocks->screen().whole);
  bool ended = false;
  Bytes control;  // belongs to the frame behind it
  std::optional<std::uint8_t> transparent;
  while (const auto block = blocks->next()) {
    if (block->kind == GifBlockKind::kFrameControl) {
      control = block->whole;
      transparent = block->transparent;
    } else if (block->kind == GifBlockKind::kExtension) {
      if (block->stays) append(out, block->whole);
    } else if (block->kind == GifBlockKind::kEnd) {
      append(out, block->whole);
      ended = true;
    } else {
      append(out, std::exchange(control, {}));
      const Bytes palette =
          block->frame.palette.empty() ? blocks->screen().palette : block->frame.palette;
      const Outcome<Buffer> data = repack(block->frame, palette, transparent);
      if (!data) return data;
      append(out, block->frame.descriptor);
      append_u8(out, static_cast<std::uint32_t>(block->frame.code_bits));
      append(out, data->empty() ? block->frame.sub_blocks : Bytes(*data));
      transparent.reset();
    }
  }
  if (blocks->broken()) return corrupt("the GIF is cut off");
  // A source without its end mark, or with rubbish in its place, gets one where there is room.
  if (!ended && out.size() < source.size()) append_u8(out, kEndMark);
  return out;
}

Outcome<Buffer> repack_frame(const GifFrame& frame, const LzwTolerance& tolerance) {
  const std::uint64_t count = std::uint64_t{frame.width} * frame.height;
  if (frame.code_bits < 1 || frame.code_bits > kCodeBitsMax) {
    return corrupt("a frame of the GIF is damaged");
  }
  const Buffer packed = join_gif_sub_blocks(frame.sub_blocks);
  if (count / kUnpackRatioMax > packed.size() * 8) return corrupt("a frame of the GIF is cut off");
  const LzwIndices unpacked = unpack_lzw(packed, frame.code_bits, count);
  if (unpacked.end == LzwEnd::kBroken) return corrupt("a frame of the GIF is damaged");
  // Viewers show a frame that ends early as far as it goes. It goes out as it came.
  if (unpacked.end == LzwEnd::kShort || frame.code_bits < kCodeBitsMin) return Buffer{};
  Buffer data;
  append_gif_sub_blocks(data, pack_lzw(unpacked.indices, frame.code_bits, tolerance));
  return data.size() < frame.sub_blocks.size() ? data : Buffer{};
}

}  // namespace

Outcome<Buffer> compress_gif(Bytes source, int quality) {
  return rewrite(source, [quality](const GifFrame& frame, Bytes palette, auto transparent) {
    return repack_frame(frame, LzwTolerance(palette, transparent, distance_max(quality)));
  });
}

Outcome<Buffer> strip_gif(Bytes source) {
  return rewrite(source, [](const GifFrame&, Bytes, auto) -> Outcome<Buffer> { return Buffer{}; });
}

}  // namespace imgmill::codec_worker
