// What the picture may not lose: alpha, frames, depth of meaning, and bytes that cannot be saved.
#include <memory>

#include <gtest/gtest.h>
#include <libheif/heif.h>

#include "codec_worker/formats/png_chunks.h"
#include "codec_worker/formats/sample_pictures.h"
#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;

Picture rendered(Bytes source, int quality = 50) {
  auto result = render(source, Recipe{quality}, RenderLimits{});
  if (!result) {
    ADD_FAILURE() << code_word(result.error()) << ": " << result.error().message;
    return {};
  }
  EXPECT_LE(result->bytes.size(), source.size());
  return *std::move(result);
}

struct AlphaCase {
  std::string suffix;
  Look look;
  int difference_max;
};
void PrintTo(const AlphaCase& param, std::ostream* out) { *out << param.suffix; }

class Alpha : public testing::TestWithParam<AlphaCase> {};

TEST_P(Alpha, Stays) {
  const Buffer source = encode(picture(160, 121, 4, GetParam().look), GetParam().suffix);
  for (const int quality : {10, 50, 90}) {
    const Picture out = rendered(source, quality);
    const auto before = decode(source);
    const auto after = decode(out.bytes);
    ASSERT_TRUE(before && after);
    ASSERT_EQ(after->raster.bands, 4);
    EXPECT_LE(largest_difference(before->raster, after->raster, 3), GetParam().difference_max)
        << "quality " << quality;
    EXPECT_LT(difference(before->raster, after->raster), 16);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Alpha,
                         testing::Values(AlphaCase{".png", Look::kPhoto, 40},
                                         AlphaCase{".png", Look::kDrawing, 40},
                                         AlphaCase{".png[bitdepth=16]", Look::kPhoto, 40},
                                         AlphaCase{".webp[Q=90]", Look::kPhoto, 0},
                                         AlphaCase{".webp[lossless]", Look::kDrawing, 4},
                                         AlphaCase{".gif", Look::kDrawing, 0},
                                         AlphaCase{".tif[tile]", Look::kPhoto, 0},
                                         AlphaCase{".avif[Q=90,effort=0]", Look::kPhoto, 1}));

class Animation : public testing::TestWithParam<std::string> {};

TEST_P(Animation, FramesDelaysAndLoopStay) {
  const std::vector<int> delays{100, 200, 50, 300, 100};
  const Buffer source =
      encode(picture(120, 81, 4, Look::kPhoto, 5), GetParam(), {.delays_ms = delays, .loop = 3});
  const auto before = decode(source);
  ASSERT_TRUE(before);
  ASSERT_EQ(before->raster.frames, 5);
  const Picture out = rendered(source);
  EXPECT_LT(out.bytes.size(), source.size());
  const auto after = decode(out.bytes);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->raster.frames, 5);
  EXPECT_EQ(after->delays_ms, before->delays_ms);
  EXPECT_EQ(after->delays_ms, delays);
  EXPECT_EQ(after->loop, before->loop);
  EXPECT_LT(difference(before->raster, after->raster), 9);
}

INSTANTIATE_TEST_SUITE_P(Formats, Animation,
                         testing::Values(".gif", ".webp[Q=90]", ".webp[lossless]"));

TEST(Fidelity, WhatIsSmallAlreadyIsNotCodedAgain) {
  for (const auto* suffix : {".jpg[Q=15]", ".png", ".webp[Q=15]", ".gif"}) {
    const Buffer first = encode(picture(90, 70, 3), suffix);
    const Picture once = rendered(first, 40);
    const Picture twice = rendered(once.bytes, 95);
    EXPECT_EQ(difference(decode(once.bytes)->raster, decode(twice.bytes)->raster), 0) << suffix;
  }
}

TEST(Fidelity, OnePixelAndOddSizesWork) {
  for (const auto* suffix : {".avif[effort=0]", ".tif", ".jpg", ".png", ".png[interlace]", ".webp",
                             ".webp[lossless]", ".gif"}) {
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {7, 1}, {17, 33}, {3, 2}}) {
      const Buffer source = encode(picture(width, height, 3), suffix);
      const Picture out = rendered(source);
      EXPECT_EQ(static_cast<int>(out.width), width) << suffix;
      EXPECT_EQ(static_cast<int>(out.height), height) << suffix;
      const auto before = decode(source);
      const auto after = decode(out.bytes);
      ASSERT_TRUE(before && after) << suffix;
      EXPECT_LT(difference(before->raster, after->raster), 20) << suffix;
    }
  }
}

TEST(Fidelity, CmykStaysCmyk) {
  for (const auto* suffix : {".jpg[Q=95]", ".jpg[Q=95,subsample_mode=on]"}) {
    const Buffer source =
        encode(picture(120, 90, 4), suffix, {.icc = icc_profile("cmyk"), .cmyk = true});
    const auto before = decode(source);
    ASSERT_TRUE(before);
    ASSERT_EQ(before->colour_space, "cmyk");
    const Picture out = rendered(source);
    EXPECT_LT(out.bytes.size(), source.size());
    const auto after = decode(out.bytes);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->colour_space, "cmyk");
    EXPECT_EQ(after->icc, before->icc);
    EXPECT_LT(difference(before->raster, after->raster), 9);
  }
}

TEST(Fidelity, GreyStaysGrey) {
  for (const auto* suffix : {".jpg[Q=95]", ".png"}) {
    const auto after = decode(rendered(encode(picture(120, 90, 1), suffix)).bytes);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->raster.bands, 1) << suffix;
  }
}

TEST(Fidelity, SixteenBitsAreRoundedUnlessAllIsAskedFor) {
  const Buffer source = encode(picture(120, 90, 3), ".png[bitdepth=16]");
  ASSERT_TRUE(decode(source)->sixteen_bits);
  EXPECT_FALSE(decode(rendered(source, 50).bytes)->sixteen_bits);
  EXPECT_TRUE(decode(rendered(source, 100).bytes)->sixteen_bits);
}

TEST(Fidelity, FewColoursStayExact) {
  for (const auto* suffix : {".png[palette,bitdepth=2]", ".png[palette,bitdepth=1]",
                             ".png[palette]", ".png[palette,interlace]"}) {
    for (const int bands : {3, 4}) {
      const Buffer source = encode(picture(121, 77, bands), suffix);
      const auto before = decode(source);
      const auto after = decode(rendered(source).bytes);
      ASSERT_TRUE(before && after);
      EXPECT_EQ(difference(before->raster, after->raster), 0) << suffix;
    }
  }
}

TEST(Fidelity, LosslessQualityIsLossless) {
  for (const auto* suffix : {".png", ".png[interlace]", ".webp[lossless]"}) {
    for (const Look look : {Look::kPhoto, Look::kDrawing}) {
      const Buffer source = encode(picture(121, 77, 4, look), suffix);
      EXPECT_EQ(difference(decode(source)->raster, decode(rendered(source, 100).bytes)->raster), 0)
          << suffix;
    }
  }
}

// AVIF is turned by a property of its container.
TEST(Fidelity, TurnedAvifLooksTheSame) {
  const Buffer plain = encode(picture(64, 40, 3), ".avif[Q=95,effort=0]");
  const std::unique_ptr<heif_context, decltype(&heif_context_free)> in(heif_context_alloc(),
                                                                       heif_context_free);
  heif_image_handle* handle = nullptr;
  heif_image* image = nullptr;
  heif_context_read_from_memory_without_copy(in.get(), plain.data(), plain.size(), nullptr);
  heif_context_get_primary_image_handle(in.get(), &handle);
  heif_decode_image(handle, &image, heif_colorspace_undefined, heif_chroma_undefined, nullptr);
  heif_image_handle_release(handle);
  const std::unique_ptr<heif_context, decltype(&heif_context_free)> out(heif_context_alloc(),
                                                                        heif_context_free);
  heif_encoder* encoder = nullptr;
  heif_context_get_encoder_for_format(out.get(), heif_compression_AV1, &encoder);
  heif_encoder_set_lossy_quality(encoder, 95);
  heif_encoding_options* options = heif_encoding_options_alloc();
  options->image_orientation = heif_orientation_rotate_90_cw;
  heif_context_encode_image(out.get(), image, encoder, options, nullptr);
  Buffer source;
  heif_writer writer{1, [](heif_context*, const void* data, std::size_t size, void* target) {
                       append(*static_cast<Buffer*>(target),
                              Bytes(static_cast<const std::byte*>(data), size));
                       return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
                     }};
  heif_context_write(out.get(), &writer, &source);
  heif_encoding_options_free(options);
  heif_encoder_release(encoder);
  heif_image_release(image);

  const auto before = decode(source);
  ASSERT_TRUE(before);
  ASSERT_EQ(before->raster.width, 40) << "the source does not test anything";
  for (const int quality : {40, 100}) {
    const Picture picture = rendered(source, quality);
    EXPECT_EQ(picture.width, 40U);
    EXPECT_EQ(picture.height, 64U);
    const auto after = decode(picture.bytes);
    ASSERT_TRUE(after);
    EXPECT_LT(difference(before->raster, after->raster), 16);
  }
}

// RGB with one transparent colour is something few encoders write.
TEST(Fidelity, PngColourKeyStaysTransparent) {
  const Raster raster = picture(40, 30, 3);
  const Buffer plain = encode(raster, ".png[compression=1]");
  Buffer key;
  for (int band = 0; band < 3; ++band) {
    append_be16(key, static_cast<std::uint32_t>(raster.at(5, 5, band)));
  }
  Buffer source;
  append_png_signature(source);
  PngChunks chunks(plain);
  while (const auto chunk = chunks.next()) {
    if (chunk->type == four("IDAT")) append_png_chunk(source, four("tRNS"), key);
    append(source, chunk->whole);
  }
  const auto before = decode(source);
  const auto after = decode(rendered(source).bytes);
  ASSERT_TRUE(before && after);
  ASSERT_EQ(before->raster.at(5, 5, 3), 0);
  ASSERT_EQ(after->raster.bands, 4);
  EXPECT_EQ(largest_difference(before->raster, after->raster, 3), 0);
}

}  // namespace
}  // namespace imgmill::codec_worker
