// What quality=auto and max_bytes make of pictures, through render().
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec_worker/choose/auto_quality.h"
#include "codec_worker/choose/jpeg_likeness.h"
#include "codec_worker/choose/pixel_likeness.h"
#include "codec_worker/choose/sample.h"
#include "codec_worker/formats/jpeg_decode.h"
#include "codec_worker/formats/sample_pictures.h"
#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;  // the test's own vocabulary

RenderResult made_of(Bytes source, const Recipe& recipe) { return render(source, recipe, {}); }

Pixmap pixmap_of(const Raster& raster) {
  Pixmap out({static_cast<std::uint32_t>(raster.width), static_cast<std::uint32_t>(raster.height)},
             raster.bands == 4 ? PixelModel::kRgba : PixelModel::kRgb);
  out.samples = raster.samples;
  return out;
}

Pixmap coded_and_decoded(const Pixmap& picture, int quality) {
  RowCollector collector;
  const auto coded = encode_jpeg(picture, {}, quality);
  EXPECT_TRUE(decode_jpeg(coded->bytes, picture.size, collector));
  return collector.finish();
}

TEST(PixelLikeness, TheSameIsAHundred) {
  for (const int bands : {3, 4}) {
    const Pixmap drawn = pixmap_of(picture(97, 61, bands));
    EXPECT_EQ(PixelLikeness(drawn).of(drawn), kLikenessOfTheSame);
  }
  const Pixmap tiny({5, 3}, PixelModel::kGrey);
  EXPECT_EQ(PixelLikeness(tiny).of(tiny), kLikenessOfTheSame);
}

// In large steps: a smooth area may by chance be nearer with coarser ones.
TEST(PixelLikeness, RisesWithTheQuality) {
  const Pixmap drawn = pixmap_of(picture(320, 240, 3));
  const PixelLikeness likeness(drawn);
  double before = 0;
  for (const int quality : {10, 25, 50, 75, 95}) {
    const double now = likeness.of(coded_and_decoded(drawn, quality));
    EXPECT_GT(now, before) << quality;
    EXPECT_LT(now, kLikenessOfTheSame);
    before = now;
  }
}

TEST(PixelLikeness, OfADrawingRisesToo) {
  const Pixmap drawn = pixmap_of(picture(320, 240, 3, Look::kDrawing));
  const PixelLikeness likeness(drawn);
  double before = 0;
  for (const int quality : {25, 50, 80, 95}) {
    const double now = likeness.of(coded_and_decoded(drawn, quality));
    EXPECT_GT(now, before) << quality;
    before = now;
  }
}

// A colour nobody sees cannot be missed.
TEST(PixelLikeness, IsBlindToWhatIsClear) {
  Pixmap drawn = pixmap_of(picture(64, 64, 4));
  for (std::size_t i = 3; i < drawn.samples.size(); i += 4) drawn.samples[i] = 0;
  Pixmap other = drawn;
  for (std::size_t i = 0; i < other.samples.size(); i += 4) other.samples[i] ^= 0xff;
  EXPECT_EQ(PixelLikeness(drawn).of(other), kLikenessOfTheSame);
}

TEST(JpegLikeness, RisesWithTheQualityUpToTheSources) {
  for (const auto* suffix :
       {".jpg[Q=90]", ".jpg[Q=90,subsample_mode=off]", ".jpg[Q=90,interlace]"}) {
    const auto jpeg = JpegLikeness::of(encode(picture(320, 240, 3), suffix));
    ASSERT_TRUE(jpeg) << suffix;
    double before = 0;
    for (int quality = 10; quality <= 85; quality += 5) {
      const double now = jpeg->at(quality);
      EXPECT_GE(now, before) << suffix << " " << quality;
      before = now;
    }
    EXPECT_EQ(jpeg->at(100), kLikenessOfTheSame) << suffix;
  }
}

// The two ways to look at a JPEG say nearly the same; the curve for pixels is the milder one.
TEST(JpegLikeness, AgreesWithPixels) {
  const Buffer source = encode(picture(640, 480, 3), ".jpg[Q=95]");
  RowCollector collector;
  ASSERT_TRUE(decode_jpeg(source, {640, 480}, collector));
  const PixelLikeness pixels(collector.finish());
  const auto jpeg = JpegLikeness::of(source);
  ASSERT_TRUE(jpeg);
  for (const int quality : {30, 50, 70, 85}) {
    const auto made = made_of(source, {.quality = quality});
    RowCollector rendition;
    ASSERT_TRUE(made && decode_jpeg(made->bytes, {640, 480}, rendition));
    EXPECT_NEAR(jpeg->at(quality), pixels.of(rendition.finish()), 8) << quality;
  }
}

TEST(JpegLikeness, IsNotForWhatIsNone) {
  const std::string text = "\xff\xd8\xff\xe0 nothing";
  EXPECT_FALSE(JpegLikeness::of(std::as_bytes(std::span(text))));
}

TEST(Sample, IsThePictureWhereItIsSmall) {
  const Pixmap drawn = pixmap_of(picture(300, 200, 3));
  EXPECT_EQ(sample_of(drawn).samples, drawn.samples);
}

TEST(Sample, HasBoundedSizeAndRowsOfThePicture) {
  for (const PixelSize size : {PixelSize{1'000, 900},
                               {5'000, 90},
                               {90, 5'000},
                               {20'000, 1'000},
                               {129, 40'000},
                               {768, 700}}) {
    Pixmap drawn(size, PixelModel::kGrey);
    for (std::size_t i = 0; i < drawn.samples.size(); ++i) {
      drawn.samples[i] = static_cast<std::uint8_t>(i % size.width / 16 + i / size.width);
    }
    const Pixmap sample = sample_of(drawn);
    EXPECT_LE(sample.pixels(), std::size_t{kSampleTilesMax} * kSampleTileSide * kSampleTileSide);
    EXPECT_GE(sample.pixels() * 4, std::min<std::size_t>(drawn.pixels(), 90 * 90 * 4));
    // Sixteen pixels from the picture's grid stay side by side.
    for (std::size_t x = 0; x + 1 < sample.size.width; ++x) {
      if (x % 16 != 15) EXPECT_EQ(sample.row(0)[x], sample.row(0)[x + 1]) << x;
    }
  }
}

struct Kind {
  const char* suffix;
  std::optional<PictureFormat> format;
  std::uint32_t max_width;
};
void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.suffix << " to " << (kind.format ? names_of(*kind.format).name : "keep") << " "
       << kind.max_width;
}

class Chosen : public testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] static Recipe recipe(int quality, std::uint64_t max_bytes = 0) {
    return {.quality = quality,
            .format = GetParam().format,
            .max_width = GetParam().max_width,
            .max_bytes = max_bytes};
  }
  const Buffer source_ = encode(picture(400, 300, 3), GetParam().suffix);
};

TEST_P(Chosen, AutoIsAQualityAndItsBytes) {
  const auto made = made_of(source_, recipe(kQualityAuto));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GE(made->quality, kAutoQualityLowest);
  EXPECT_LE(made->quality, kAutoQualityHighest);
  EXPECT_EQ(made->bytes, made_of(source_, recipe(made->quality))->bytes);
  EXPECT_EQ(made->bytes, made_of(source_, recipe(kQualityAuto))->bytes);
}

TEST_P(Chosen, ABoundOnBytesIsKept) {
  const auto free = made_of(source_, recipe(90));
  const auto least = made_of(source_, recipe(kQualityMin));
  ASSERT_TRUE(free && least);
  const std::uint64_t bound = (free->bytes.size() + least->bytes.size()) / 2;
  for (const int quality : {90, kQualityAuto}) {
    const auto made = made_of(source_, recipe(quality, bound));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_LE(made->bytes.size(), bound);
    EXPECT_EQ(made->bytes, made_of(source_, recipe(made->quality))->bytes);
  }
  const auto none = made_of(source_, recipe(90, least->bytes.size() / 2));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, FaultCode::kDoesNotFit);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, Chosen,
    testing::Values(Kind{".jpg[Q=95]", {}, 0}, Kind{".jpg[Q=95,interlace]", {}, 0},
                    Kind{".jpg[Q=95]", {}, 200}, Kind{".jpg[Q=95]", PictureFormat::kWebp, 0},
                    Kind{".jpg[Q=95]", PictureFormat::kAvif, 100},
                    Kind{".png", PictureFormat::kJpeg, 0}, Kind{".png", {}, 0},
                    Kind{".webp[Q=95]", {}, 0}, Kind{".avif[Q=95,effort=0]", {}, 0}));

// Where nothing is to be chosen.
TEST(AutoQuality, IsTheDefaultWhereNothingCanBeSeen) {
  const auto chosen = [](Bytes source) {
    return made_of(source, {.quality = kQualityAuto}).value().quality;
  };
  EXPECT_EQ(chosen(encode(picture(90, 60, 3), ".tif")), kQualityDefault);
  EXPECT_EQ(chosen(encode(picture(90, 60, 3, Look::kPhoto, 3), ".gif")), kQualityDefault);
  EXPECT_EQ(chosen(encode(picture(90, 60, 3), ".webp[lossless]")), kQualityDefault);
  EXPECT_EQ(chosen(encode(picture(90, 60, 3, Look::kPhoto, 3), ".webp[Q=90]")), kQualityDefault);
}

TEST(AutoQuality, BrokenPicturesFailAsEver) {
  Buffer source = encode(picture(90, 60, 3), ".webp[Q=90]");
  source.resize(source.size() / 2);
  EXPECT_EQ(made_of(source, {.quality = kQualityAuto}).error().code, FaultCode::kCorruptImage);
}

TEST(LowestAlike, StaysInItsRange) {
  EXPECT_EQ(lowest_alike([](int) { return 99.0; }, 7), kAutoQualityLowest);
  EXPECT_EQ(lowest_alike([](int) { return 9.0; }, 7), kAutoQualityHighest);
  EXPECT_EQ(lowest_alike([](int quality) { return quality + 7.5; }, 7), 63);
}

}  // namespace
}  // namespace imgmill::codec_worker
