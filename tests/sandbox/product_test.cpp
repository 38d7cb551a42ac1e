// The product's own child, imgmill-codec, over every sample picture: what its decoders need, the
// sandbox lets them have.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec_worker/formats/sample_pictures.h"
#include "tests/sandbox/hostile.h"

namespace imgmill {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::unique_ptr<CodecPool> product_pool() {
  return hostile_pool({.worker = PRODUCT_CODEC,
                       .children = 2,
                       .source_bytes_max = 64 << 20,
                       .source_pixels_max = 100'000'000});
}

TEST(Product, RendersEverySample) {
  const auto pool = product_pool();
  ASSERT_TRUE(pool);
  int pictures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SAMPLES)) {
    const std::string source = content_of(entry.path());
    const CodecOutcome outcome = ask(*pool, source);
    EXPECT_TRUE(outcome.rendition) << entry.path() << ": " << message_of(outcome);
    if (outcome.rendition) EXPECT_LE(outcome.rendition->bytes.size(), source.size());
    ++pictures;
  }
  EXPECT_GE(pictures, 10);
}

std::vector<Recipe> recipes() {
  std::vector<Recipe> out{{}, {.max_width = 90}};
  for (const FormatNames& names : kFormats) {
    out.push_back({.format = names.format});
    out.push_back({.quality = kQualityAuto, .format = names.format});
    out.push_back({.format = names.format, .max_height = 40});
  }
  return out;
}

// Every decoder, resampler, profile and encoder: what they ask of the system, they get.
TEST(Product, MakesEveryTargetOfEverySource) {
  using namespace codec_worker::samples;
  const auto pool = product_pool();
  ASSERT_TRUE(pool);
  for (const auto* suffix :
       {".jpg[Q=90]", ".jpg[Q=90,interlace]", ".png", ".png[bitdepth=16]", ".webp[Q=90]", ".gif",
        ".avif[Q=90,effort=0]", ".tif", ".tif[compression=jpeg]", ".heic[Q=90]"}) {
    for (const int bands : {3, 4}) {
      const int frames = std::string_view(suffix) == ".gif" ? 3 : 1;
      const Raster drawn = picture(160, 120, bands, Look::kPhoto, frames);
      const std::string source = text_of(encode(drawn, suffix, {.icc = icc_profile("p3")}));
      ASSERT_FALSE(source.empty()) << suffix;
      for (const Recipe& recipe : recipes()) {
        const CodecOutcome outcome = ask(*pool, source, recipe);
        EXPECT_TRUE(outcome.rendition) << suffix << " of " << bands << " bands to "
                                       << (recipe.format ? names_of(*recipe.format).name : "keep")
                                       << ": " << message_of(outcome);
      }
    }
  }
}

TEST(Product, TurnsInkIntoLight) {
  using namespace codec_worker::samples;
  const auto pool = product_pool();
  ASSERT_TRUE(pool);
  const std::string source = text_of(
      encode(picture(160, 120, 4), ".jpg[Q=90]", {.icc = icc_profile("cmyk"), .cmyk = true}));
  const CodecOutcome outcome = ask(*pool, source, {.format = PictureFormat::kWebp});
  EXPECT_TRUE(outcome.rendition) << message_of(outcome);
}

TEST(Product, SaysWhatIsWrongWithOneThatIsNone) {
  const auto pool = product_pool();
  ASSERT_TRUE(pool);
  EXPECT_EQ(word_of(ask(*pool, "<html>not found</html>")), "not_an_image");
}

// Cut anywhere, a picture is a fault or a picture, and never the end of the child.
TEST(Product, SurvivesSamplesThatAreCutShort) {
  const auto pool = product_pool();
  ASSERT_TRUE(pool);
  for (const auto& entry : std::filesystem::directory_iterator(SAMPLES)) {
    const std::string source = content_of(entry.path());
    for (const std::size_t part : {2, 3, 10, 100}) {
      const std::string word = word_of(ask(*pool, source.substr(0, source.size() / part)));
      EXPECT_THAT(word, testing::AnyOf("rendition", "corrupt_image", "not_an_image"))
          << entry.path() << " / " << part;
    }
  }
}

}  // namespace
}  // namespace imgmill
