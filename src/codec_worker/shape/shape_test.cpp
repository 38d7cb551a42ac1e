// Every source format into every target, with and without a box, judged by libvips.
#include "codec_worker/shape/shape.h"

#include <gtest/gtest.h>

#include "codec_worker/formats/icc.h"
#include "codec_worker/formats/png_chunks.h"
#include "codec_worker/formats/sample_pictures.h"
#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;

Picture shaped(Bytes source, const Recipe& recipe) {
  auto result = render(source, recipe, RenderLimits{});
  if (!result) {
    ADD_FAILURE() << code_word(result.error()) << ": " << result.error().message;
    return {};
  }
  return *std::move(result);
}

Recipe to(PictureFormat format, std::uint32_t max_width = 0, std::uint32_t max_height = 0) {
  return {.quality = 80, .format = format, .max_width = max_width, .max_height = max_height};
}

// RGBA of every frame, whatever the file has.
Raster as_rgba(const Raster& source) {
  Raster out{source.width, source.height, 4, source.frames, {}};
  const auto bands = static_cast<std::size_t>(source.bands);
  for (std::size_t i = 0; i < source.samples.size(); i += bands) {
    for (std::size_t c = 0; c < 3; ++c) {
      out.samples.push_back(source.samples[i + (bands < 3 ? 0 : c)]);
    }
    out.samples.push_back(bands % 2 == 0 ? source.samples[i + bands - 1] : 255);
  }
  return out;
}

Raster first_frame(Raster raster) {
  raster.samples.resize(raster.samples.size() / static_cast<std::size_t>(raster.frames));
  raster.frames = 1;
  return raster;
}

// As a target without alpha shows it.
Raster on_paper(Raster raster) {
  for (std::size_t i = 0; i < raster.samples.size(); i += 4) {
    const int alpha = raster.samples[i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      raster.samples[i + c] = static_cast<std::uint8_t>(
          (raster.samples[i + c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
    raster.samples[i + 3] = 255;
  }
  return raster;
}

// As a GIF shows it: a pixel is there or not.
Raster solid_or_not(Raster raster) {
  for (std::size_t i = 3; i < raster.samples.size(); i += 4) {
    raster.samples[i] = raster.samples[i] < 128 ? 0 : 255;
  }
  return raster;
}

Raster as_target_shows(PictureFormat format, const Raster& raster) {
  if (format == PictureFormat::kJpeg) return on_paper(raster);
  return format == PictureFormat::kGif ? solid_or_not(raster) : raster;
}

struct Source {
  std::string suffix;
  int bands = 3;
  int frames = 1;
};
void PrintTo(const Source& source, std::ostream* out) {
  *out << source.suffix << " of " << source.bands << " bands";
}

Buffer file_of(const Source& source, Extras extras = {}) {
  if (source.frames > 1) extras.delays_ms = std::vector<int>(source.frames, 120);
  return encode(picture(300, 200, source.bands, Look::kPhoto, source.frames), source.suffix,
                extras);
}

class EverySource : public testing::TestWithParam<Source> {};

TEST_P(EverySource, GoesIntoEveryTarget) {
  const Buffer source = file_of(GetParam());
  ASSERT_FALSE(source.empty());
  const Raster before = first_frame(as_rgba(decode_upright(source).value()));
  for (const FormatNames& names : kFormats) {
    const Picture out = shaped(source, to(names.format));
    EXPECT_EQ(out.format, names.format);
    EXPECT_EQ(out.width, 300U);
    EXPECT_EQ(out.height, 200U);
    const auto decoded = decode(out.bytes);
    ASSERT_TRUE(decoded) << names.name;
    EXPECT_EQ(decoded->orientation, 1);
    const Raster after = first_frame(as_rgba(decoded->raster));
    const double bound = names.format == PictureFormat::kGif ? 12 : 6;
    EXPECT_LT(difference(as_target_shows(names.format, before), after), bound) << names.name;
  }
}

TEST_P(EverySource, IsShrunkIntoABox) {
  const Buffer source = file_of(GetParam(), {.private_data = true});
  const Raster small = as_rgba(thumbnail(source, 120, 90).value());
  ASSERT_EQ(small.width, 120);
  ASSERT_EQ(small.height, 80);
  for (const FormatNames& names : kFormats) {
    const Picture out = shaped(source, to(names.format, 120, 90));
    EXPECT_EQ(out.width, 120U) << names.name;
    EXPECT_EQ(out.height, 80U) << names.name;
    EXPECT_FALSE(contains(out.bytes, kPrivateWord));
    const auto decoded = decode(out.bytes);
    ASSERT_TRUE(decoded) << names.name;
    const Raster after = first_frame(as_rgba(decoded->raster));
    EXPECT_LT(difference(as_target_shows(names.format, small), after),
              names.format == PictureFormat::kGif ? 12 : 7)
        << names.name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shape, EverySource,
    testing::Values(Source{".jpg[Q=95]", 3}, Source{".jpg[Q=95]", 1},
                    Source{".jpg[Q=95,interlace]", 3}, Source{".png", 3}, Source{".png", 1},
                    Source{".png", 2}, Source{".png", 4}, Source{".png[interlace]", 4},
                    Source{".png[palette]", 4}, Source{".png[bitdepth=16]", 3},
                    Source{".png[bitdepth=16]", 4}, Source{".webp[Q=95]", 3},
                    Source{".webp[lossless]", 4}, Source{".gif", 3}, Source{".gif", 4, 3},
                    Source{".webp[Q=95]", 4, 3}, Source{".avif[Q=95,effort=0]", 3},
                    Source{".avif[Q=95,effort=0]", 4}, Source{".tif", 3}, Source{".tif", 1},
                    Source{".tif", 4}, Source{".tif[compression=jpeg,Q=95]", 3},
                    Source{".heic[Q=95]", 3}, Source{".heic[Q=95]", 4}));

TEST(Shape, FitsInsideAndNeverEnlarges) {
  EXPECT_EQ(fit_inside({300, 200}, 0, 0), (PixelSize{300, 200}));
  EXPECT_EQ(fit_inside({300, 200}, 300, 200), (PixelSize{300, 200}));
  EXPECT_EQ(fit_inside({300, 200}, 16'384, 16'384), (PixelSize{300, 200}));
  EXPECT_EQ(fit_inside({300, 200}, 150, 0), (PixelSize{150, 100}));
  EXPECT_EQ(fit_inside({300, 200}, 0, 150), (PixelSize{225, 150}));
  EXPECT_EQ(fit_inside({300, 200}, 16'384, 50), (PixelSize{75, 50}));
  EXPECT_EQ(fit_inside({10'000, 3}, 100, 100), (PixelSize{100, 1}));
  EXPECT_EQ(fit_inside({3, 10'000}, 100, 100), (PixelSize{1, 100}));
  EXPECT_EQ(fit_inside({4'000, 3'001}, 1'000, 750), (PixelSize{1'000, 750}));
  EXPECT_EQ(fit_inside({UINT32_MAX, UINT32_MAX}, 16'384, 16'384), (PixelSize{16'384, 16'384}));
}

TEST(Shape, AFormatOrBoxThatChangesNothingIsTheOtherWay) {
  const Buffer source = encode(picture(300, 200, 3), ".jpg[Q=90]");
  const Picture plain = shaped(source, {.quality = 50});
  for (const Recipe& recipe :
       {Recipe{.quality = 50, .format = PictureFormat::kJpeg},
        Recipe{.quality = 50, .max_width = 300, .max_height = 200},
        Recipe{.quality = 50, .format = PictureFormat::kJpeg, .max_width = 5'000}}) {
    EXPECT_EQ(shaped(source, recipe).bytes, plain.bytes);
  }
  EXPECT_EQ(shaped(plain.bytes, {.quality = 100, .max_width = 300}).method,
            RenderMethod::kSourceKept);
}

TEST(Shape, SaysWhichWayItWent) {
  const Buffer source = encode(picture(300, 200, 3), ".jpg[Q=90]");
  EXPECT_EQ(shaped(source, to(PictureFormat::kPng)).method, RenderMethod::kConverted);
  EXPECT_EQ(shaped(source, {.max_width = 100}).method, RenderMethod::kResized);
  EXPECT_EQ(shaped(source, to(PictureFormat::kPng, 100)).method, RenderMethod::kConvertedResized);
}

class EveryOrientation : public testing::TestWithParam<std::string> {};

TEST_P(EveryOrientation, GoesOutUpright) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Buffer source = encode(picture(96, 60, 3), GetParam(), {.orientation = orientation});
    const bool turned = orientation >= 5;
    const auto before = decode_upright(source);
    ASSERT_TRUE(before);
    ASSERT_EQ(before->width, turned ? 60 : 96) << "the source does not test anything";
    const Picture whole = shaped(source, to(PictureFormat::kPng));
    EXPECT_EQ(static_cast<int>(whole.width), before->width);
    const auto after = decode(whole.bytes);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->orientation, 1);
    EXPECT_LT(difference(*before, after->raster), 9) << orientation;
    const Picture small = shaped(source, to(PictureFormat::kPng, 48, 48));
    EXPECT_EQ(small.width, turned ? 30U : 48U);
    EXPECT_EQ(small.height, turned ? 48U : 30U);
    const auto expected = thumbnail(source, 48, 48);
    ASSERT_TRUE(expected);
    EXPECT_LT(difference(*expected, decode(small.bytes)->raster), 6) << orientation;
  }
}

INSTANTIATE_TEST_SUITE_P(Shape, EveryOrientation,
                         testing::Values(".jpg[Q=98,subsample_mode=off]", ".webp[Q=98]", ".tif"));

TEST(Shape, AnimationsKeepFramesDelaysAndLoop) {
  const Extras extras{.delays_ms = {100, 250, 40, 70}, .loop = 0};
  for (const auto* suffix : {".gif", ".webp[Q=95]"}) {
    const Buffer source = encode(picture(120, 80, 4, Look::kDrawing, 4), suffix, extras);
    for (const PictureFormat format : {PictureFormat::kGif, PictureFormat::kWebp}) {
      for (const std::uint32_t width : {0U, 60U}) {
        const Picture out = shaped(source, to(format, width));
        const auto after = decode(out.bytes);
        ASSERT_TRUE(after);
        EXPECT_EQ(after->raster.frames, 4) << suffix << names_of(format).name << width;
        EXPECT_EQ(after->delays_ms, extras.delays_ms);
        EXPECT_EQ(after->loop, 0);
        EXPECT_EQ(after->raster.width, width == 0 ? 120 : 60);
        EXPECT_EQ(after->raster.height, width == 0 ? 80 : 40);
        const Raster expected = width == 0 ? as_rgba(decode(source)->raster)
                                           : as_rgba(thumbnail_frames(source, 60, 40).value());
        // A pixel that an edge halves is there or not by a hair.
        const double bound = format == PictureFormat::kGif && width > 0 ? 24 : 14;
        EXPECT_LT(difference(as_target_shows(format, expected), as_rgba(after->raster)), bound)
            << suffix << names_of(format).name << width;
      }
    }
  }
}

TEST(Shape, HowOftenAnAnimationPlaysStays) {
  const Extras extras{.delays_ms = {100, 100}, .loop = 3};
  const Buffer gif = encode(picture(60, 40, 3, Look::kDrawing, 2), ".gif", extras);
  const auto smaller = decode(shaped(gif, {.max_width = 30}).bytes);
  ASSERT_TRUE(smaller);
  EXPECT_EQ(smaller->loop, decode(gif)->loop);
}

// A profile whose red is far outside of sRGB's: what is (200, 40, 30) there is another red here.
std::string wide_gamut() {
  const Buffer icc = icc_of_code_points(9, 13);
  return text_of(icc);
}

TEST(Shape, TheProfileGoesAlongOrIsApplied) {
  Raster flat{64, 64, 3, 1, {}};
  for (int i = 0; i < 64 * 64; ++i) flat.samples.insert(flat.samples.end(), {150, 120, 60});
  const std::string icc = wide_gamut();
  ASSERT_GT(icc.size(), 300U);
  const Buffer source = encode(flat, ".png", {.icc = icc});
  for (const FormatNames& names : kFormats) {
    const auto after = decode(shaped(source, to(names.format, 32)).bytes);
    ASSERT_TRUE(after);
    const Raster rgba = as_rgba(after->raster);
    if (names.format == PictureFormat::kGif) {
      EXPECT_TRUE(after->icc.empty());
      EXPECT_GT(rgba.at(9, 9, 0), 158);  // BT.2020's colours look duller than they are
      EXPECT_LT(rgba.at(9, 9, 2), 55);
    } else {
      EXPECT_EQ(after->icc, icc) << names.name;
      EXPECT_NEAR(rgba.at(9, 9, 0), 150, 6) << names.name;
      EXPECT_NEAR(rgba.at(9, 9, 2), 60, 6) << names.name;
    }
  }
}

TEST(Shape, ABrokenProfileSaysNothing) {
  const Buffer source = encode(picture(64, 64, 3), ".jpg[Q=95]", {.icc = std::string(600, 'x')});
  const Picture out = shaped(source, to(PictureFormat::kPng));
  EXPECT_TRUE(decode(out.bytes)->icc.empty());
  const Buffer grey = encode(picture(64, 64, 1), ".jpg[Q=95]", {.icc = icc_profile("srgb")});
  EXPECT_TRUE(decode(shaped(grey, to(PictureFormat::kPng)).bytes)->icc.empty());
}

// `source` with one more chunk behind its header, without those that say something about colours.
Buffer with_png_chunk(Bytes source, std::uint32_t type, Bytes data) {
  Buffer out;
  append_png_signature(out);
  PngChunks chunks(source);
  while (const auto chunk = chunks.next()) {
    if (!is_png_colour_or_density(*chunk)) append(out, chunk->whole);
    if (chunk->type == four("IHDR")) append_png_chunk(out, type, data);
  }
  return out;
}

TEST(Shape, TheGammaOfAPngIsApplied) {
  const Raster flat{32, 32, 3, 1, std::vector<std::uint8_t>(32 * 32 * 3, 55)};
  Buffer linear;
  append_be32(linear, 100'000);
  Buffer screen;
  append_be32(screen, 45'455);
  for (const auto* suffix : {".png", ".png[bitdepth=16]"}) {
    const Buffer plain = encode(flat, suffix);
    const auto level_of = [&](Bytes gamma) {
      const Buffer source = with_png_chunk(plain, four("gAMA"), gamma);
      const auto after = decode(shaped(source, to(PictureFormat::kTiff)).bytes);
      return after ? after->raster.at(9, 9, 1) : -1;
    };
    EXPECT_EQ(level_of(screen), 55);
    // (55 / 255) ^ (1 / 2.2) of 255.
    EXPECT_NEAR(level_of(linear), 127, 1) << suffix;
  }
}

TEST(Shape, TheCodePointsOfAPngBecomeAProfile) {
  const Buffer code_points{std::byte{12}, std::byte{13}, std::byte{0}, std::byte{1}};
  const Buffer source =
      with_png_chunk(encode(picture(32, 32, 3), ".png"), four("cICP"), code_points);
  const auto after = decode(shaped(source, to(PictureFormat::kWebp)).bytes);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->icc, text_of(icc_of_code_points(12, 13)));
}

TEST(Shape, AnAnimatedPngIsRefusedInsteadOfCut) {
  const Buffer source = with_png_chunk(encode(picture(32, 32, 3), ".png"), four("acTL"), Buffer(8));
  for (const Recipe& recipe : {to(PictureFormat::kJpeg), Recipe{.max_width = 16}}) {
    const auto refused = render(source, recipe, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, FaultCode::kUnsupportedFormat);
  }
}

TEST(Shape, InkBecomesLight) {
  Raster ink = picture(96, 64, 4);
  for (std::size_t i = 3; i < ink.samples.size(); i += 4) ink.samples[i] = 40;
  for (const bool with_profile : {false, true}) {
    const Buffer source =
        encode(ink, ".jpg[Q=95]", {.icc = with_profile ? icc_profile("cmyk") : "", .cmyk = true});
    ASSERT_EQ(decode(source)->colour_space, "cmyk");
    const auto png = decode(shaped(source, to(PictureFormat::kPng)).bytes);
    ASSERT_TRUE(png);
    EXPECT_EQ(png->raster.bands, 3);
    EXPECT_TRUE(png->icc.empty());
    if (with_profile) {
      const auto expected = in_srgb(source);
      ASSERT_TRUE(expected);
      EXPECT_LT(difference(*expected, png->raster), 8);
    }
    const auto jpeg = decode(shaped(source, {.quality = 90, .max_width = 48}).bytes);
    ASSERT_TRUE(jpeg);
    EXPECT_EQ(jpeg->colour_space, "cmyk");
    EXPECT_EQ(jpeg->raster.width, 48);
    EXPECT_EQ(jpeg->icc.empty(), !with_profile);
    EXPECT_NEAR(jpeg->raster.at(5, 5, 3), 40, 4);
  }
}

TEST(Shape, WhatIsReadOnlyGoesOutAsJpegOrPng) {
  const Picture jpeg = shaped(encode(picture(96, 64, 3), ".heic[Q=95]"), {});
  EXPECT_EQ(jpeg.format, PictureFormat::kJpeg);
  EXPECT_EQ(jpeg.method, RenderMethod::kConverted);
  const Picture png = shaped(encode(picture(96, 64, 4), ".heic[Q=95]"), {});
  EXPECT_EQ(png.format, PictureFormat::kPng);
  EXPECT_EQ(decode(png.bytes)->raster.bands, 4);
}

TEST(Shape, SidesThatATargetCannotHaveAreSaid) {
  for (const auto& [format, side_max] :
       {std::pair{PictureFormat::kWebp, 16'383}, {PictureFormat::kAvif, 32'768}}) {
    const int width = side_max + 100;
    const std::vector<std::uint8_t> samples(static_cast<std::size_t>(2 * width), 90);
    const Buffer source = encode(Raster{width, 2, 1, 1, samples}, ".png");
    const auto refused = render(source, to(format), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, FaultCode::kUnsupportedFormat);
    EXPECT_TRUE(refused.error().message.contains(std::to_string(side_max)));
    EXPECT_TRUE(render(source, to(format, format == PictureFormat::kWebp ? 16'383 : 2'000), {}));
  }
}

TEST(Shape, ATiffOfSeveralPagesStaysAsItIsOrIsRefused) {
  const Buffer source = encode(picture(60, 40, 3, Look::kPhoto, 3), ".tif");
  const auto kept = render(source, {}, {});
  ASSERT_TRUE(kept) << kept.error().message;
  const auto pages = decode(kept->bytes);
  ASSERT_TRUE(pages);
  EXPECT_EQ(pages->raster.samples, decode(source)->raster.samples)
      << "every page, sample by sample";
  for (const Recipe& recipe : {Recipe{.format = PictureFormat::kJpeg}, Recipe{.max_width = 20}}) {
    const auto refused = render(source, recipe, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, FaultCode::kUnsupportedFormat);
    EXPECT_TRUE(refused.error().message.contains("3 pages")) << refused.error().message;
  }
}

}  // namespace
}  // namespace imgmill::codec_worker
