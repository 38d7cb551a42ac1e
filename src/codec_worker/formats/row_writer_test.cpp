// The ways of large pictures, on small ones: against the whole ways, and against the source.
#include "codec_worker/formats/row_writer.h"

#include <gtest/gtest.h>

#include "codec_worker/formats/jpeg_decode.h"
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_pixels.h"
#include "codec_worker/formats/png_rows.h"
#include "codec_worker/formats/sample_pictures.h"
#include "codec_worker/shape/upright.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;

Pixmap pixmap_of(const Raster& raster) {
  constexpr std::array kModels{PixelModel::kGrey, PixelModel::kGreyAlpha, PixelModel::kRgb,
                               PixelModel::kRgba};
  Pixmap out({static_cast<std::uint32_t>(raster.width), static_cast<std::uint32_t>(raster.height)},
             kModels[static_cast<std::size_t>(raster.bands - 1)]);
  out.samples = raster.samples;
  return out;
}

Buffer written(RowWriter& writer, const Raster& raster, Bytes icc = {}) {
  writer.take(pixmap_of(raster));
  auto coded = writer.finish(icc);
  EXPECT_TRUE(coded);
  return coded ? std::move(coded->bytes) : Buffer{};
}

// Odd sides: the last strip and the last chroma sample are half.
constexpr int kWidth = 131;
constexpr int kHeight = 77;

TEST(RowWriter, JpegIsAPictureWithItsProfile) {
  const std::string profile = icc_profile("srgb");
  const Raster raster = picture(kWidth, kHeight, 3);
  const Buffer file = written(*write_jpeg_rows(95), raster, std::as_bytes(std::span(profile)));
  const auto shown = decode(file);
  ASSERT_TRUE(shown);
  EXPECT_LT(difference(raster, shown->raster), 4);
  EXPECT_EQ(shown->icc, profile);
}

TEST(RowWriter, WebpOfEveryModel) {
  for (int bands = 1; bands <= 4; ++bands) {
    const Raster raster = picture(kWidth, kHeight, bands);
    const auto expected = decode(encode(raster, ".webp[Q=90]"));
    const auto shown = decode(written(*write_webp_rows(90), raster));
    ASSERT_TRUE(shown && expected) << bands;
    EXPECT_LT(difference(expected->raster, shown->raster), 2.5) << bands;
  }
}

TEST(RowWriter, WebpBeyondItsSidesIsRefused) {
  const auto writer = write_webp_rows(50);
  writer->take(Pixmap({20'000, 1}, PixelModel::kRgb));
  const auto coded = writer->finish({});
  ASSERT_FALSE(coded);
  EXPECT_EQ(coded.error().code, FaultCode::kUnsupportedFormat);
}

TEST(RowWriter, PngIsExactOrNear) {
  for (int bands = 1; bands <= 4; ++bands) {
    const Raster raster = picture(kWidth, kHeight, bands);
    const auto exact = decode(written(*write_png_rows(100), raster));
    ASSERT_TRUE(exact);
    EXPECT_EQ(exact->raster.samples, raster.samples) << bands;
    const Buffer near_file = written(*write_png_rows(50), raster);
    const auto near = decode(near_file);
    ASSERT_TRUE(near);
    EXPECT_LE(difference(raster, near->raster), 5) << bands;
    EXPECT_GT(difference(raster, near->raster), 0) << bands;
    if (bands % 2 == 0) EXPECT_EQ(largest_difference(raster, near->raster, bands - 1), 0);
  }
}

// Row by row against all at once, for every packing of samples.
TEST(PngRows, AreThoseOfTheWholePicture) {
  for (const auto* suffix : {".png", ".png[palette]", ".png[bitdepth=16]", ".png[compression=0]"}) {
    const Buffer source = encode(picture(kWidth, kHeight, 4), suffix);
    const auto whole = read_png(source);
    auto rows = PngRows::open(source);
    ASSERT_TRUE(whole && rows) << suffix;
    Buffer together;
    for (std::uint32_t y = 0; y < rows->header().height; ++y) {
      const auto row = rows->next();
      ASSERT_TRUE(row) << suffix;
      append(together, *row);
    }
    EXPECT_EQ(together, whole->rows) << suffix;
  }
}

TEST(PngRows, DamageIsFound) {
  Buffer source = encode(picture(kWidth, kHeight, 3), ".png");
  source.resize(source.size() - 40);
  EXPECT_FALSE(PngRows::open(source));
}

TEST(LargePng, StaysItselfWhereItMustBeExact) {
  for (const auto* suffix : {".png[palette]", ".png[bitdepth=1]"}) {
    const Buffer source = encode(picture(kWidth, kHeight, 1, Look::kDrawing), suffix,
                                 {.orientation = 6, .icc = icc_profile("srgb")});
    const auto coded = compress_large_png(source, 50);
    ASSERT_TRUE(coded) << suffix;
    EXPECT_EQ(coded->method, RenderMethod::kLossless);
    const auto before = decode(source);
    const auto after = decode(coded->bytes);
    ASSERT_TRUE(before && after) << suffix;
    EXPECT_EQ(after->raster.samples, before->raster.samples) << suffix;
    EXPECT_EQ(after->orientation, before->orientation);
    EXPECT_EQ(after->icc, before->icc);
  }
}

TEST(LargePng, ComesNear) {
  for (const auto* suffix : {".png", ".png[interlace]", ".png[bitdepth=16]"}) {
    const Raster raster = picture(kWidth, kHeight, 4);
    const auto coded = compress_large_png(encode(raster, suffix), 50);
    ASSERT_TRUE(coded) << suffix;
    EXPECT_EQ(coded->method, RenderMethod::kNearLossless);
    const auto after = decode(coded->bytes);
    ASSERT_TRUE(after);
    EXPECT_LE(difference(raster, after->raster), 5) << suffix;
  }
}

TEST(Upright, IsTheSameInBands) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Pixmap source = pixmap_of(picture(kWidth, kHeight, 3));
    RowCollector collector;
    send_upright(source, orientation, collector);
    const Pixmap whole = upright(source, orientation);
    const Pixmap sent = collector.finish();
    EXPECT_EQ(sent.size, whole.size) << orientation;
    EXPECT_EQ(sent.samples, whole.samples) << orientation;
  }
}

}  // namespace
}  // namespace imgmill::codec_worker
