// near_palette(): libimagequant chooses the colours and dithers; what it did to the alpha is
// checked.
#include <array>
#include <memory>
#include <new>

#include <dlfcn.h>
#include <libimagequant.h>

#include "codec_worker/formats/png_colors.h"
#include "codec_worker/formats/png_samples.h"

namespace imgmill::codec_worker {
namespace {

// libimagequant's scale is its own. These bounds let it give up on what is photographed, where its
// dots would be seen: drawings with soft edges are what it is good for.
int target_quality(int quality) { return 80 + quality / 5; }
int least_quality(int quality) { return target_quality(quality) - 8; }
// 1 is best, 10 fastest; 4 and 8 differ by a few per cent of size and a factor of two in time.
constexpr int kSpeed = 7;
constexpr int kPaletteColors = 256;
// Soft shadows may move this far; more would be seen.
constexpr int kAlphaErrorMax = 40;

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
using Settings = std::unique_ptr<liq_attr, Freed<liq_attr, liq_attr_destroy>>;
using Image = std::unique_ptr<liq_image, Freed<liq_image, liq_image_destroy>>;
using Quantised = std::unique_ptr<liq_result, Freed<liq_result, liq_result_destroy>>;

int alpha_of(std::uint32_t pixel) {
  std::array<std::uint8_t, 4> rgba{};
  std::memcpy(rgba.data(), &pixel, sizeof pixel);
  return rgba[3];
}

// Nothing hidden is shown, nothing solid becomes see-through, and in between little changes.
bool alpha_holds(const RgbaPicture& picture, Bytes indices, std::span<const std::uint32_t> colors) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const int before = alpha_of(picture.pixels[i]);
    const int after = alpha_of(colors[std::to_integer<std::size_t>(indices[i])]);
    if (before == after) continue;
    if (before == 0 || before == 255 || std::abs(before - after) > kAlphaErrorMax) return false;
  }
  return true;
}

// An entry averages what it stands for, which makes solid pixels a little see-through, and the
// reverse.
std::uint8_t snapped(std::uint8_t alpha) {
  constexpr int kNear = 12;
  if (alpha >= 255 - kNear) return 255;
  return alpha <= kNear ? 0 : alpha;
}

std::vector<std::uint32_t> colors_of(const liq_palette& palette) {
  std::vector<std::uint32_t> colors;
  for (const liq_color& entry : std::span(palette.entries, palette.count)) {
    colors.push_back(pack_rgba(entry.r, entry.g, entry.b, snapped(entry.a)));
  }
  return colors;
}

// Brings colours with alpha to the front, and the indices with them.
void put_transparent_first(std::vector<std::uint32_t>& colors, Buffer& indices) {
  std::vector<std::size_t> order;
  for (const bool opaque : {false, true}) {
    for (std::size_t i = 0; i < colors.size(); ++i) {
      if ((alpha_of(colors[i]) == 255) == opaque) order.push_back(i);
    }
  }
  std::vector<std::uint32_t> sorted(colors.size());
  std::array<std::byte, 256> moved{};
  for (std::size_t to = 0; to < order.size(); ++to) {
    sorted[to] = colors[order[to]];
    moved[order[to]] = static_cast<std::byte>(to);
  }
  for (std::byte& index : indices) index = moved[std::to_integer<std::size_t>(index)];
  colors = std::move(sorted);
}

}  // namespace

void warm_up_quantiser() {
  // Debian's libimagequant is built with OpenMP, whose threads the sandbox forbids. The function is
  // looked up because the compiler's own OpenMP is another library.
  using SetThreads = void (*)(int);
  const auto set_threads = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set_threads != nullptr) set_threads(1);
  RgbaPicture picture{64, 64, {}};
  for (std::uint32_t i = 0; i < 64 * 64; ++i) picture.pixels.push_back(0xff00'0000 | i * 997);
  static_cast<void>(near_palette(picture, 1));
}

std::optional<ChosenColors> choose_colors(const RgbaPicture& picture, int colors_max,
                                          int quality_min, int quality_max, float dithering) {
  const Settings settings(liq_attr_create());
  if (!settings) throw std::bad_alloc();
  liq_set_speed(settings.get(), kSpeed);
  liq_set_max_colors(settings.get(), colors_max);
  liq_set_quality(settings.get(), quality_min, quality_max);
  const auto width = static_cast<int>(picture.width);
  const auto height = static_cast<int>(picture.height);
  const Image image(liq_image_create_rgba(settings.get(), picture.pixels.data(), width, height, 0));
  if (!image) throw std::bad_alloc();
  liq_result* raw_result = nullptr;
  const liq_error error = liq_image_quantize(image.get(), settings.get(), &raw_result);
  if (error == LIQ_OUT_OF_MEMORY) throw std::bad_alloc();
  if (error != LIQ_OK) return std::nullopt;  // the colours are too few for the quality
  const Quantised result(raw_result);
  liq_set_dithering_level(result.get(), dithering);
  ChosenColors chosen{Buffer(picture.pixels.size()), {}};
  if (liq_write_remapped_image(result.get(), image.get(), chosen.indices.data(),
                               chosen.indices.size()) != LIQ_OK) {
    throw std::bad_alloc();  // its only way to fail with a buffer of the right size
  }
  chosen.colors = colors_of(*liq_get_palette(result.get()));
  return chosen;
}

std::optional<PngImage> near_palette(const RgbaPicture& picture, int quality) {
  auto chosen =
      choose_colors(picture, kPaletteColors, least_quality(quality), target_quality(quality), 1.0F);
  if (!chosen) return std::nullopt;
  put_transparent_first(chosen->colors, chosen->indices);
  if (!alpha_holds(picture, chosen->indices, chosen->colors)) return std::nullopt;
  return palette_image(picture.width, picture.height, chosen->indices, chosen->colors);
}

}  // namespace imgmill::codec_worker
