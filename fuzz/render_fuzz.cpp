// Any bytes with any recipe, through all that a child does with them: the first three say format,
// quality and box. What comes out must be a picture of the wanted format that is read again, in the
// size that was promised.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

// Enough for everything that depends on size; more would only take time.
constexpr RenderLimits kLimits{.pixels_max = 40'000};
constexpr std::size_t kRecipeBytes = 3;

Recipe recipe_of(const std::uint8_t* bytes) {
  Recipe recipe;
  const std::size_t format = bytes[0] % (kFormats.size() + 1);
  if (format < kFormats.size()) recipe.format = static_cast<PictureFormat>(format);
  recipe.quality = 1 + bytes[1] % 100;
  recipe.max_width = bytes[2] / 16;  // 0: none
  recipe.max_height = bytes[2] % 16;
  return recipe;
}

void check(const Picture& made, const Recipe& recipe, std::size_t source_bytes) {
  CHECK(!made.bytes.empty() && made.width > 0 && made.height > 0);
  CHECK(!recipe.format || made.format == *recipe.format);
  CHECK(recipe.max_width == 0 || made.width <= recipe.max_width);
  CHECK(recipe.max_height == 0 || made.height <= recipe.max_height);
  const bool stayed = made.method != RenderMethod::kConverted &&
                      made.method != RenderMethod::kResized &&
                      made.method != RenderMethod::kConvertedResized;
  CHECK(!stayed || made.bytes.size() <= source_bytes);
  if (stayed) return;
  const auto again = render(made.bytes, {}, kLimits);
  CHECK(again && again->format == made.format);
  CHECK(again->width == made.width && again->height == made.height);
}

}  // namespace
}  // namespace imgmill::codec_worker

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  imgmill::codec_worker::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace imgmill::codec_worker;
  if (size < kRecipeBytes) return 0;
  const imgmill::Recipe recipe = recipe_of(data);
  const auto* first = reinterpret_cast<const std::byte*>(data);
  // A block of its exact size.
  const std::vector<std::byte> source(first + kRecipeBytes, first + size);
  const auto made = render(source, recipe, kLimits);
  if (made) {
    check(*made, recipe, source.size());
  } else {
    CHECK(!made.error().message.empty());
  }
  return 0;
}
