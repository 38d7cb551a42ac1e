// The container of GIF: screen, extensions, frames.
#pragma once

#include <optional>

#include "codec_worker/formats/lzw.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

struct GifScreen {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  Bytes palette;  // RGB triples; empty without a global one
  Bytes whole;    // signature, descriptor and palette as they stand
};

struct GifFrame {
  std::uint32_t left = 0;
  std::uint32_t top = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool interlaced = false;
  Bytes palette;      // the local one, or empty
  Bytes descriptor;   // with the local palette, as it stands
  int code_bits = 0;  // of the packing, as stated: 2..8 in what is valid
  Bytes sub_blocks;   // the packed indices, each run with its length in front, and the end mark
};

// What becomes of a frame's rectangle when its time is over.
enum class GifDisposal : std::uint8_t { kNone, kKeep, kClear, kRestore };

struct GifControl {
  GifDisposal disposal = GifDisposal::kNone;
  int delay_ms = 0;
  std::optional<std::uint8_t> transparent;
};

enum class GifBlockKind : std::uint8_t { kFrame, kFrameControl, kExtension, kEnd };

struct GifBlock {
  GifBlockKind kind = GifBlockKind::kEnd;
  GifFrame frame;
  bool stays = false;          // an extension that a rendition keeps: loop count or ICC profile
  std::optional<int> repeats;  // of an extension that says how often, 0 for ever
  GifControl control;          // of a frame control
  Bytes whole;
};

// Walks a GIF. kCorruptImage comes from create(); a break later on is told by broken().
class GifBlocks {
 public:
  [[nodiscard]] static Outcome<GifBlocks> create(Bytes source);

  [[nodiscard]] const GifScreen& screen() const { return screen_; }
  // nullopt behind the end mark, at the end of the bytes, or at a break.
  [[nodiscard]] std::optional<GifBlock> next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  explicit GifBlocks(Bytes source) : source_(source), reader_(source) {}
  [[nodiscard]] Bytes take_sub_blocks();
  void read_extension(GifBlock& block);
  void read_frame(GifBlock& block);

  Bytes source_;
  ByteReader reader_;
  GifScreen screen_;
  bool broken_ = false;
  bool ended_ = false;
};

// The frame's palette indices, rows in the order of the file. kCorruptImage; fewer of them than
// pixels (LzwEnd::kShort) are no fault: viewers show a frame that ends early as far as it goes.
[[nodiscard]] Outcome<LzwIndices> unpack_gif_frame(const GifFrame& frame);

// The bytes that sub-blocks carry, put together.
[[nodiscard]] Buffer join_gif_sub_blocks(Bytes sub_blocks);
void append_gif_sub_blocks(Buffer& out, Bytes data);

}  // namespace imgmill::codec_worker
