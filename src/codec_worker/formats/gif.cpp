#include "codec_worker/formats/gif.h"

#include "codec_worker/formats/gif_blocks.h"
#include "codec_worker/formats/lzw.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::uint32_t kEndMark = 0x3b;
constexpr int kCodeBitsMin = 2;

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
      transparent = block->control.transparent;
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
  const auto unpacked = unpack_gif_frame(frame);
  if (!unpacked) return std::unexpected(unpacked.error());
  // A frame that ends early goes out as it came.
  if (unpacked->end == LzwEnd::kShort || frame.code_bits < kCodeBitsMin) return Buffer{};
  Buffer data;
  append_gif_sub_blocks(data, pack_lzw(unpacked->indices, frame.code_bits, tolerance));
  return data.size() < frame.sub_blocks.size() ? data : Buffer{};
}

}  // namespace

int gif_distance(int quality) { return (100 - quality) * 3 / 10; }

Outcome<Buffer> compress_gif(Bytes source, int quality) {
  return rewrite(source, [quality](const GifFrame& frame, Bytes palette, auto transparent) {
    return repack_frame(frame, LzwTolerance(palette, transparent, gif_distance(quality)));
  });
}

Outcome<Buffer> strip_gif(Bytes source) {
  return rewrite(source, [](const GifFrame&, Bytes, auto) -> Outcome<Buffer> { return Buffer{}; });
}

}  // namespace imgmill::codec_worker
