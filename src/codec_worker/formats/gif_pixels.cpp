// GIF to pixels: the frames composed on their canvas, as a viewer shows them.
#include <algorithm>
#include <array>

#include "codec_worker/formats/gif.h"
#include "codec_worker/formats/gif_blocks.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kChannels = 4;

// Rows of an interlaced frame come in four passes.
std::vector<std::uint32_t> row_order(const GifFrame& frame) {
  constexpr std::array<std::array<std::uint32_t, 2>, 4> kPasses{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  std::vector<std::uint32_t> rows;
  rows.reserve(frame.height);
  if (!frame.interlaced) {
    for (std::uint32_t y = 0; y < frame.height; ++y) rows.push_back(y);
    return rows;
  }
  for (const auto [from, step] : kPasses) {
    for (std::uint32_t y = from; y < frame.height; y += step) rows.push_back(y);
  }
  return rows;
}

class Reader final : public AnimationReader {
 public:
  Reader(GifBlocks blocks, PixelSize size, int plays)
      : blocks_(std::move(blocks)), canvas_(size, PixelModel::kRgba), plays_(plays) {}

  Outcome<std::optional<AnimationFrame>> next() override {
    GifControl control;
    while (const auto block = blocks_.next()) {
      if (block->kind == GifBlockKind::kFrameControl) control = block->control;
      if (block->kind != GifBlockKind::kFrame) continue;
      return show(block->frame, control);
    }
    if (blocks_.broken()) return corrupt("the GIF is cut off");
    return std::nullopt;
  }
  // The first frame, without a second canvas. Nothing may follow.
  Outcome<Pixmap> take_first() {
    GifControl control;
    while (const auto block = blocks_.next()) {
      if (block->kind == GifBlockKind::kFrameControl) control = block->control;
      if (block->kind != GifBlockKind::kFrame) continue;
      if (auto drawn = draw(block->frame, control.transparent); !drawn) {
        return std::unexpected(drawn.error());
      }
      return std::move(canvas_);
    }
    return corrupt("the GIF is cut off");
  }
  [[nodiscard]] int plays() const override { return plays_; }
  [[nodiscard]] Buffer icc() const override { return {}; }

 private:
  Outcome<std::optional<AnimationFrame>> show(const GifFrame& frame, const GifControl& control) {
    Pixmap before;
    if (control.disposal == GifDisposal::kRestore) before = canvas_;
    if (auto drawn = draw(frame, control.transparent); !drawn) {
      return std::unexpected(drawn.error());
    }
    AnimationFrame shown{canvas_, control.delay_ms};
    if (control.disposal == GifDisposal::kRestore) canvas_ = std::move(before);
    if (control.disposal == GifDisposal::kClear) clear(frame);
    return shown;
  }

  Outcome<void> draw(const GifFrame& frame, std::optional<std::uint8_t> transparent) {
    const auto unpacked = unpack_gif_frame(frame);
    if (!unpacked) return std::unexpected(unpacked.error());
    const Bytes palette = frame.palette.empty() ? blocks_.screen().palette : frame.palette;
    Bytes indices(unpacked->indices);
    for (const std::uint32_t y : row_order(frame)) {
      const Bytes row = indices.first(std::min<std::size_t>(frame.width, indices.size()));
      indices = indices.subspan(row.size());
      if (frame.top + y < canvas_.size.height) draw_row(frame, y, row, palette, transparent);
    }
    return {};
  }

  void draw_row(const GifFrame& frame, std::uint32_t y, Bytes row, Bytes palette,
                std::optional<std::uint8_t> transparent) {
    if (frame.left >= canvas_.size.width) return;
    std::uint8_t* out = canvas_.row(frame.top + y) + frame.left * kChannels;
    for (const std::byte index : row.first(shown_width(frame, row.size()))) {
      const auto at = std::to_integer<std::size_t>(index) * 3;
      if (at / 3 != transparent && at + 3 <= palette.size()) {
        std::memcpy(out, palette.data() + at, 3);
        out[3] = 255;
      }
      out += kChannels;
    }
  }

  void clear(const GifFrame& frame) {
    if (frame.left >= canvas_.size.width) return;
    const std::size_t bottom =
        std::min<std::size_t>(canvas_.size.height, std::size_t{frame.top} + frame.height);
    for (std::size_t y = frame.top; y < bottom; ++y) {
      std::memset(canvas_.row(y) + frame.left * kChannels, 0,
                  shown_width(frame, frame.width) * kChannels);
    }
  }

  // What of `width` pixels of a frame's row is on the canvas.
  [[nodiscard]] std::size_t shown_width(const GifFrame& frame, std::size_t width) const {
    return std::min<std::size_t>(width, canvas_.size.width - frame.left);
  }

  GifBlocks blocks_;
  Pixmap canvas_;
  int plays_;
};

// Without a word about it an animation plays once.
int plays_of(Bytes source) {
  auto blocks = GifBlocks::create(source);
  while (const auto block = blocks ? blocks->next() : std::nullopt) {
    if (block->repeats) return *block->repeats == 0 ? 0 : *block->repeats + 1;
  }
  return 1;
}

Outcome<std::unique_ptr<Reader>> new_reader(Bytes source) {
  const auto info = inspect_gif(source);
  if (!info) return std::unexpected(info.error());
  auto blocks = GifBlocks::create(source);
  if (!blocks) return std::unexpected(blocks.error());
  return std::make_unique<Reader>(*std::move(blocks), PixelSize{info->width, info->height},
                                  plays_of(source));
}

}  // namespace

bool is_animated_gif(Bytes source) {
  auto blocks = GifBlocks::create(source);
  int frames = 0;
  while (const auto block = blocks ? blocks->next() : std::nullopt) {
    frames += block->kind == GifBlockKind::kFrame ? 1 : 0;
  }
  return frames > 1;
}

NewAnimationReader read_gif_animation(Bytes source) { return new_reader(source); }

Outcome<Buffer> decode_gif(Bytes source, PixelSize, RowSink& sink) {
  const auto reader = new_reader(source);
  if (!reader) return std::unexpected(reader.error());
  auto picture = (*reader)->take_first();
  if (!picture) return std::unexpected(picture.error());
  sink.take(*std::move(picture));
  return Buffer{};
}

}  // namespace imgmill::codec_worker
