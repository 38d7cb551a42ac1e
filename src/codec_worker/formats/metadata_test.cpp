// What goes out with the picture, and what must not.
#include <gtest/gtest.h>

#include "codec_worker/formats/exif.h"
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

// Coded so that there is something to gain, and so that there is not: both ways out are taken.
class Metadata : public testing::TestWithParam<std::string> {};
class ExifOrientation : public testing::TestWithParam<std::string> {};

TEST_P(ExifOrientation, Stays) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Buffer source = encode(picture(64, 40, 3), GetParam(), {.orientation = orientation});
    const auto before = decode_upright(source);
    ASSERT_TRUE(before);
    ASSERT_EQ(before->width, orientation >= 5 ? 40 : 64) << "the source does not test anything";
    const Picture out = rendered(source);
    const auto after = decode_upright(out.bytes);
    ASSERT_TRUE(after);
    EXPECT_LT(difference(*before, *after), 20) << orientation;
    EXPECT_EQ(static_cast<int>(out.width), before->width);
    EXPECT_EQ(static_cast<int>(out.height), before->height);
  }
}

TEST_P(Metadata, PrivateDataGo) {
  const Buffer source =
      encode(picture(64, 40, 3), GetParam(), {.orientation = 6, .private_data = true});
  ASSERT_TRUE(contains(source, kPrivateWord));
  for (const int quality : {1, 50, 100}) {
    const Picture out = rendered(source, quality);
    EXPECT_FALSE(contains(out.bytes, kPrivateWord));
    EXPECT_FALSE(contains(out.bytes, "xmpmeta"));
    const auto after = decode(out.bytes);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->orientation, decode(source)->orientation);
  }
}

TEST_P(Metadata, IccProfileStaysAsItIs) {
  const std::string profile = icc_profile("srgb");
  ASSERT_GT(profile.size(), 400U);
  const Buffer source = encode(picture(200, 160, 3), GetParam(), {.icc = profile});
  for (const int quality : {50, 100}) {
    const auto after = decode(rendered(source, quality).bytes);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->icc, profile) << quality;
  }
}

// AVIF turns by properties of its container; its EXIF orientation means nothing.
INSTANTIATE_TEST_SUITE_P(Formats, ExifOrientation,
                         testing::Values(".jpg[Q=95]", ".jpg[Q=20]", ".jpg[Q=95,interlace]",
                                         ".webp[Q=95]", ".webp[Q=10]", ".webp[lossless]", ".tif",
                                         ".tif[compression=deflate]"));
INSTANTIATE_TEST_SUITE_P(Formats, Metadata,
                         testing::Values(".jpg[Q=95]", ".jpg[Q=20]", ".jpg[Q=95,interlace]",
                                         ".webp[Q=95]", ".webp[Q=10]", ".webp[lossless]", ".tif",
                                         ".tif[compression=lzw]", ".avif[Q=90,effort=0]",
                                         ".avif[Q=20,effort=0]"));

TEST(JpegMetadata, CommentsThumbnailsAndTailsGo) {
  Buffer source = encode(picture(64, 40, 3), ".jpg[Q=30]");
  const std::string secret(kPrivateWord);
  Buffer extra;
  append_be16(extra, 0xfffe);  // a comment
  append_be16(extra, static_cast<std::uint32_t>(2 + secret.size()));
  append(extra, secret);
  append_be16(extra, 0xffed);  // APP13, where editors keep theirs
  append_be16(extra, static_cast<std::uint32_t>(2 + secret.size()));
  append(extra, secret);
  source.insert(source.begin() + 2, extra.begin(), extra.end());
  append(source, "behind the end " + secret);
  for (const int quality : {10, 95}) {
    const Picture out = rendered(source, quality);
    EXPECT_FALSE(contains(out.bytes, secret));
    EXPECT_TRUE(decode(out.bytes));
  }
}

// libvips writes no EXIF into PNG, so the chunks are put in by hand, behind the header.
Buffer png_with_metadata(const std::string& suffix) {
  const Buffer plain = encode(picture(64, 40, 3), suffix, {.icc = icc_profile("srgb")});
  const std::string secret(kPrivateWord);
  Buffer exif;
  append(exif, std::string_view("MM\0*", 4));
  append_be32(exif, 8);
  append_be16(exif, 1);
  append_be32(exif, 0x0112'0003);
  append_be32(exif, 1);
  append_be32(exif, 6 << 16);
  append_be32(exif, 0);
  append(exif, secret);
  Buffer text;
  append(text, std::string_view("Place\0", 6));
  append(text, secret);
  Buffer out;
  append_png_signature(out);
  PngChunks chunks(plain);
  while (const auto chunk = chunks.next()) {
    append(out, chunk->whole);
    if (chunk->type != four("IHDR")) continue;
    append_png_chunk(out, four("eXIf"), exif);
    append_png_chunk(out, four("tEXt"), text);
    append_png_chunk(out, four("tIME"), Buffer(7));
    append_png_chunk(out, four("prVt"), text);
  }
  return out;
}

TEST(PngMetadata, OnlyColourDensityAndOrientationStay) {
  for (const auto* suffix : {".png[compression=1]", ".png[compression=9]", ".png[palette]"}) {
    const Buffer source = png_with_metadata(suffix);
    ASSERT_TRUE(decode(source));
    for (const int quality : {50, 100}) {
      const Picture out = rendered(source, quality);
      EXPECT_FALSE(contains(out.bytes, kPrivateWord));
      EXPECT_EQ(decode(out.bytes)->icc, icc_profile("srgb"));
      EXPECT_TRUE(contains(out.bytes, "pHYs"));
      EXPECT_EQ(out.width, 40U);
      EXPECT_EQ(out.height, 64U);
      int orientation = 0;
      PngChunks chunks(out.bytes);
      while (const auto chunk = chunks.next()) {
        if (chunk->type == four("eXIf")) orientation = orientation_of(chunk->data);
      }
      EXPECT_EQ(orientation, 6);
    }
  }
}

TEST(GifMetadata, CommentsGoAndTheLoopStays) {
  Buffer source = encode(picture(64, 40, 3, Look::kPhoto, 3), ".gif",
                         {.delays_ms = {100, 100, 100}, .loop = 5});
  const std::string secret(kPrivateWord);
  Buffer comment;
  append_be16(comment, 0x21fe);
  append_u8(comment, static_cast<std::uint32_t>(secret.size()));
  append(comment, secret);
  append_u8(comment, 0);
  const std::size_t trailer = source.size() - 1;
  source.insert(source.begin() + static_cast<std::ptrdiff_t>(trailer), comment.begin(),
                comment.end());
  const Picture out = rendered(source);
  EXPECT_FALSE(contains(out.bytes, secret));
  EXPECT_TRUE(contains(out.bytes, "NETSCAPE2.0"));
}

TEST(Exif, OnlyTheOrientationSurvives) {
  Buffer exif;
  append(exif, std::string_view("Exif\0\0II*\0", 10));
  append_le32(exif, 8);
  append_le16(exif, 2);
  append_le16(exif, 0x0112);
  append_le16(exif, 3);
  append_le32(exif, 1);
  append_le16(exif, 8);
  append_le16(exif, 0);
  append_le16(exif, 0x010f);
  append_le16(exif, 2);
  append_le32(exif, 4);
  append(exif, std::string_view("Cam"));
  append_u8(exif, 0);
  append_le32(exif, 0);
  EXPECT_EQ(orientation_of(exif), 8);
  const Buffer kept = only_orientation(exif);
  EXPECT_EQ(orientation_of(kept), 8);
  EXPECT_LT(kept.size(), exif.size());
  EXPECT_FALSE(contains(kept, "Cam"));
}

TEST(Exif, NonsenseIsUpright) {
  const auto orientation = [](std::string_view text) {
    return orientation_of(std::as_bytes(std::span(text.data(), text.size())));
  };
  EXPECT_EQ(orientation(""), 1);
  EXPECT_EQ(orientation("Exif"), 1);
  EXPECT_EQ(orientation(std::string_view("II*\0\xff\xff\xff\xff", 8)), 1);
  EXPECT_EQ(orientation(std::string_view("MM\0*\0\0\0\x08\xff\xff", 10)), 1);
}

}  // namespace
}  // namespace imgmill::codec_worker
