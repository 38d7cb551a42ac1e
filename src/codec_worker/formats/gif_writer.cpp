// Pixels to GIF: each frame by its own colours and only where it differs from what is shown.
#include <algorithm>
#include <array>
#include <new>

#include "codec_worker/formats/gif.h"
#include "codec_worker/formats/gif_blocks.h"
#include "codec_worker/formats/lzw.h"
#include "codec_worker/formats/png_colors.h"
#include "codec_worker/formats/png_samples.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::uint32_t kSideMax = 0xffff;
constexpr std::uint32_t kAlphaSolid = 128;  // from here on a pixel is shown
// One colour of 256 is kept for what is not.
constexpr std::size_t kColors = 255;
// Full dithering would flicker from frame to frame.
constexpr float kDithering = 0.6F;
constexpr int kMsPerTick = 10;

struct Rectangle {
  std::uint32_t left = 0, top = 0, width = 0, height = 0;
};

// Alpha in two steps, the colour of invisible pixels 0.
std::vector<std::uint32_t> solid_or_not(const Pixmap& picture) {
  std::vector<std::uint32_t> out(picture.pixels());
  const std::size_t channels = channels_of(picture.model);
  const bool grey = is_grey(picture.model);
  const std::uint8_t* p = picture.samples.data();
  for (std::uint32_t& pixel : out) {
    const bool shown = !has_alpha(picture.model) || p[channels - 1] >= kAlphaSolid;
    pixel = shown ? pack_rgba(p[0], p[grey ? 0 : 1], p[grey ? 0 : 2], 255) : 0;
    p += channels;
  }
  return out;
}

// The smallest rectangle outside of which the two are the same; never empty.
Rectangle changed_part(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b,
                       PixelSize size) {
  std::uint32_t left = size.width, top = size.height, right = 0, bottom = 0;
  for (std::uint32_t y = 0; y < size.height; ++y) {
    for (std::uint32_t x = 0; x < size.width; ++x) {
      const std::size_t at = std::size_t{y} * size.width + x;
      if (a[at] == b[at]) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = y;
    }
  }
  if (left > right) return {0, 0, 1, 1};
  return {left, top, right - left + 1, bottom - top + 1};
}

// Indices into at most 255 colours, and the one behind them for what is not shown.
ChosenColors colors_for(const RgbaPicture& picture) {
  const ColorCensus census = census_of(picture);
  if (census.colors.empty() || census.colors.size() > kColors) {
    auto chosen = choose_colors(picture, static_cast<int>(kColors), 0, 100, kDithering);
    if (!chosen) throw std::bad_alloc();  // without a least quality there is no other reason
    return *std::move(chosen);
  }
  ChosenColors exact{Buffer(picture.pixels.size()), census.colors};
  std::ranges::sort(exact.colors);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    const auto found = std::ranges::lower_bound(exact.colors, picture.pixels[i]);
    exact.indices[i] = static_cast<std::byte>(found - exact.colors.begin());
  }
  return exact;
}

class Writer final : public AnimationWriter {
 public:
  Writer(PixelSize size, int plays, int quality)
      : size_(size), quality_(quality), shown_(std::size_t{size.width} * size.height) {
    append(out_, std::string_view("GIF89a"));
    append_le16(out_, size.width);
    append_le16(out_, size.height);
    append_u8(out_, 0x70);  // no global palette
    append_le16(out_, 0);
    if (plays != 1) append_repeats(plays == 0 ? 0 : plays - 1);
  }

  Outcome<void> add(AnimationFrame frame) override {
    auto pixels = solid_or_not(frame.picture);
    if (!waiting_.empty()) write_waiting(hides_something(waiting_, pixels));
    waiting_ = std::move(pixels);
    waiting_delay_ms_ = frame.delay_ms;
    return {};
  }

  Outcome<Buffer> finish() override {
    if (!waiting_.empty()) write_waiting(false);
    append_u8(out_, 0x3b);
    return std::move(out_);
  }

 private:
  // A pixel that was drawn goes away only with its frame's whole rectangle.
  static bool hides_something(const std::vector<std::uint32_t>& before,
                              const std::vector<std::uint32_t>& after) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] != 0 && after[i] == 0) return true;
    }
    return false;
  }

  void append_repeats(int repeats) {
    append_be16(out_, 0x21ff);
    append_u8(out_, 11);
    append(out_, std::string_view("NETSCAPE2.0"));
    append_be16(out_, 0x0301);
    append_le16(out_, static_cast<std::uint32_t>(repeats));
    append_u8(out_, 0);
  }

  // Writes the frame that waited for its successor; `cleared`: it goes away before that one comes.
  void write_waiting(bool cleared) {
    const Rectangle part = cleared ? Rectangle{0, 0, size_.width, size_.height}
                                   : changed_part(shown_, waiting_, size_);
    RgbaPicture picture{part.width, part.height, {}};
    picture.pixels.reserve(std::size_t{part.width} * part.height);
    for (std::uint32_t y = part.top; y < part.top + part.height; ++y) {
      for (std::uint32_t x = part.left; x < part.left + part.width; ++x) {
        const std::size_t at = std::size_t{y} * size_.width + x;
        picture.pixels.push_back(waiting_[at] == shown_[at] ? 0 : waiting_[at]);
      }
    }
    write_frame(picture, part, cleared);
    shown_ = std::move(waiting_);
    waiting_.clear();
    if (cleared) std::ranges::fill(shown_, 0U);
  }

  void write_frame(const RgbaPicture& picture, const Rectangle& part, bool cleared) {
    ChosenColors chosen = colors_for(picture);
    const auto transparent = static_cast<std::uint8_t>(chosen.colors.size());
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
      if (picture.pixels[i] == 0) chosen.indices[i] = std::byte{transparent};
    }
    int bits = 2;
    while ((std::size_t{1} << bits) <= chosen.colors.size()) ++bits;
    const Buffer palette = palette_bytes(chosen.colors, bits);
    append_control(cleared, transparent);
    append_u8(out_, 0x2c);
    for (const std::uint32_t number : {part.left, part.top, part.width, part.height}) {
      append_le16(out_, number);
    }
    append_u8(out_, 0x80U | static_cast<std::uint32_t>(bits - 1));
    append(out_, palette);
    append_u8(out_, static_cast<std::uint32_t>(bits));
    const LzwTolerance tolerance(palette, transparent, gif_distance(quality_));
    append_gif_sub_blocks(out_, pack_lzw(chosen.indices, bits, tolerance));
  }

  static Buffer palette_bytes(const std::vector<std::uint32_t>& colors, int bits) {
    Buffer out;
    for (const std::uint32_t color : colors) {
      const auto rgba = unpack_rgba(color);
      for (std::size_t c = 0; c < 3; ++c) append_u8(out, rgba[c]);
    }
    out.resize(std::size_t{3} << bits);
    return out;
  }

  void append_control(bool cleared, std::uint8_t transparent) {
    const auto disposal = cleared ? GifDisposal::kClear : GifDisposal::kKeep;
    append_be16(out_, 0x21f9);
    append_u8(out_, 4);
    append_u8(out_, static_cast<std::uint32_t>(disposal) << 2 | 1);
    append_le16(out_,
                static_cast<std::uint32_t>((waiting_delay_ms_ + kMsPerTick / 2) / kMsPerTick));
    append_u8(out_, transparent);
    append_u8(out_, 0);
  }

  PixelSize size_;
  int quality_;
  std::vector<std::uint32_t> shown_;    // on the canvas before the waiting frame
  std::vector<std::uint32_t> waiting_;  // for its successor, which says how it ends
  int waiting_delay_ms_ = 0;
  Buffer out_;
};

}  // namespace

Outcome<std::unique_ptr<AnimationWriter>> write_gif_animation(PixelSize size, int plays,
                                                              int quality) {
  if (std::max(size.width, size.height) > kSideMax) {
    return unsupported("a GIF has at most 65535 pixels a side: ask for a max_width or max_height");
  }
  return std::make_unique<Writer>(size, plays, quality);
}

Outcome<Coded> encode_gif(Pixmap picture, Bytes, int quality) {
  auto writer = write_gif_animation(picture.size, 1, quality);
  if (!writer) return std::unexpected(writer.error());
  if (auto added = (*writer)->add({std::move(picture), 0}); !added) {
    return std::unexpected(added.error());
  }
  auto file = (*writer)->finish();
  if (!file) return std::unexpected(file.error());
  return *std::move(file);
}

}  // namespace imgmill::codec_worker
