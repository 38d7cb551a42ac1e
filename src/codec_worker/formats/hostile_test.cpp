// Input that is broken, or made to break something. Runs under the sanitizers.
#include <memory>
#include <random>

#include <gtest/gtest.h>
#include <libdeflate.h>

#include "codec_worker/formats/jpeg_samples.h"
#include "codec_worker/formats/lzw.h"
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_chunks.h"
#include "codec_worker/formats/sample_pictures.h"
#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;

const std::vector<std::string>& suffixes() {
  static const std::vector<std::string> all{".jpg[Q=80]",
                                            ".jpg[Q=80,interlace]",
                                            ".jpg[Q=80,restart_interval=2]",
                                            ".png",
                                            ".png[interlace]",
                                            ".png[palette]",
                                            ".png[bitdepth=16]",
                                            ".webp[Q=80]",
                                            ".webp[lossless]",
                                            ".gif",
                                            ".avif[effort=0]",
                                            ".tif",
                                            ".tif[compression=lzw,tile]",
                                            ".tif[compression=jpeg]"};
  return all;
}

// One source of each kind: with alpha where the format has it, animated where it can be, with
// metadata.
std::vector<Buffer> seeds() {
  std::vector<Buffer> out;
  for (const std::string& suffix : suffixes()) {
    const bool jpeg = suffix.starts_with(".jpg");
    out.push_back(encode(picture(33, 21, jpeg ? 3 : 4), suffix,
                         {.orientation = 6, .private_data = true, .icc = icc_profile("srgb")}));
  }
  out.push_back(
      encode(picture(33, 21, 4, Look::kPhoto, 3), ".webp[Q=70]", {.delays_ms = {50, 60, 70}}));
  out.push_back(encode(picture(33, 21, 4, Look::kPhoto, 3), ".gif", {.delays_ms = {50, 60, 70}}));
  return out;
}

// In a block of its exact size, so that the address sanitizer sees a read past its end.
RenderResult render_exactly(const Buffer& source, const Recipe& recipe = {}) {
  const Buffer exact(source.begin(), source.end());
  return render(exact, recipe, {.pixels_max = 1'000'000});
}

// The other way, for a change of format and size: WebP takes animations too.
constexpr Recipe kShaping{.format = PictureFormat::kWebp, .max_width = 16};

void expect_sound_when_shaped(const Buffer& source) {
  const RenderResult result = render_exactly(source, kShaping);
  if (!result) {
    EXPECT_FALSE(result.error().message.empty());
    return;
  }
  EXPECT_LE(result->width, kShaping.max_width);
  EXPECT_FALSE(result->bytes.empty());
}

void expect_sound(const RenderResult& result, const Buffer& source) {
  if (result) {
    EXPECT_LE(result->bytes.size(), source.size());
    EXPECT_GT(result->width, 0U);
  } else {
    EXPECT_FALSE(result.error().message.empty());
  }
}

TEST(Hostile, EveryTruncationEndsWell) {
  for (const Buffer& whole : seeds()) {
    ASSERT_FALSE(whole.empty());
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 60);
    for (std::size_t size = 0; size < whole.size(); size += step) {
      const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      expect_sound(render_exactly(cut), cut);
      expect_sound_when_shaped(cut);
    }
  }
}

TEST(Hostile, EveryMutationEndsWell) {
  std::mt19937 random(20'240'607);
  const std::vector<Buffer> all = seeds();
  for (int round = 0; round < 1'500; ++round) {
    Buffer mutated = all[static_cast<std::size_t>(round) % all.size()];
    const auto anywhere = [&] { return random() % mutated.size(); };
    for (auto changes = 1 + random() % 6; changes > 0; --changes) {
      switch (random() % 5) {
        case 0:
          mutated[anywhere()] = static_cast<std::byte>(random());
          break;
        case 1:
          mutated[anywhere()] ^= static_cast<std::byte>(1U << random() % 8);
          break;
        case 2:
          mutated[anywhere()] = random() % 2 == 0 ? std::byte{0xff} : std::byte{0};
          break;
        case 3:
          mutated.erase(mutated.begin() + static_cast<std::ptrdiff_t>(anywhere()));
          break;
        default:
          // Headers are where lies do the most.
          mutated[random() % std::min<std::size_t>(mutated.size(), 64)] =
              static_cast<std::byte>(random());
          break;
      }
    }
    expect_sound(render_exactly(mutated), mutated);
    expect_sound_when_shaped(mutated);
  }
}

TEST(Hostile, MutatedHeicEndsWell) {
  std::mt19937 random(12);
  const Buffer whole = encode(picture(70, 50, 4), ".heic[Q=60]", {.icc = icc_profile("srgb")});
  ASSERT_FALSE(whole.empty());
  for (int round = 0; round < 200; ++round) {
    Buffer mutated = whole;
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      mutated[random() % mutated.size()] = static_cast<std::byte>(random());
    }
    if (round % 4 == 0) mutated.resize(random() % mutated.size());
    expect_sound_when_shaped(mutated);
  }
}

TEST(Hostile, PngWithMendedChecksumsEndsWell) {
  // Mutations of a PNG mostly end at a checksum. These carry right ones.
  std::mt19937 random(7);
  const Buffer source = encode(picture(33, 21, 4), ".png[interlace]");
  for (int round = 0; round < 300; ++round) {
    Buffer mutated;
    append_png_signature(mutated);
    PngChunks chunks(source);
    while (const auto chunk = chunks.next()) {
      Buffer data(chunk->data.begin(), chunk->data.end());
      if (!data.empty() && random() % 2 == 0) {
        data[random() % data.size()] ^= static_cast<std::byte>(1U << random() % 8);
      }
      append_png_chunk(mutated, chunk->type, data);
    }
    expect_sound(render_exactly(mutated), mutated);
    expect_sound_when_shaped(mutated);
  }
}

TEST(Hostile, CutOffPicturesAreCorrupt) {
  for (const std::string& suffix : suffixes()) {
    if (suffix.starts_with(".jpg")) continue;  // what is there goes out: jpeg_damage_test
    Buffer source = encode(picture(200, 150, 3), suffix);
    source.resize(source.size() * 6 / 10);
    const auto result = render(source, Recipe{}, RenderLimits{});
    ASSERT_FALSE(result) << suffix;
    EXPECT_EQ(result.error().code, FaultCode::kCorruptImage) << suffix;
    const auto shaped = render(source, kShaping, RenderLimits{});
    ASSERT_FALSE(shaped) << suffix;
    EXPECT_EQ(shaped.error().code, FaultCode::kCorruptImage) << suffix;
  }
}

TEST(Hostile, JpegWithoutItsEndMarkIsWhole) {
  Buffer source = encode(picture(200, 150, 3), ".jpg[Q=90]");
  source.resize(source.size() - 2);
  EXPECT_TRUE(render(source, Recipe{}, RenderLimits{}));
}

TEST(Hostile, FaultsBehindTheLastRowDoNotMatter) {
  Buffer source = encode(picture(400, 300, 3), ".jpg[Q=98]");
  source.back() = std::byte{0xd8};  // a second start in the place of the end
  const auto result = render(source, Recipe{95}, RenderLimits{});
  ASSERT_TRUE(result);
  EXPECT_TRUE(decode(result->bytes));
}

// With a second frame header before its last scan.
Buffer with_two_frames(const Buffer& whole, std::string_view frame_marker) {
  const std::string text = text_of(whole);
  const std::size_t frame = text.find(frame_marker);
  const std::size_t scan = text.rfind("\xff\xda");
  if (frame == std::string::npos) return {};
  Buffer source(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(scan));
  append(source, Bytes(whole).subspan(frame, 19));
  append(source, Bytes(whole).subspan(scan));
  return source;
}

TEST(Hostile, WhatStandsBeforeNonsenseGoesOut) {
  const Buffer whole = encode(picture(400, 300, 3), ".jpg[Q=98,interlace]");
  const auto result = render(with_two_frames(whole, "\xff\xc2"), Recipe{}, RenderLimits{});
  ASSERT_TRUE(result);
  EXPECT_TRUE(decode(result->bytes));
}

// Arithmetic coding is libjpeg's work, to which this is an error, not a warning.
TEST(Hostile, AnErrorInTheMiddleFreesEverything) {
  const Buffer whole =
      coded({.width = 400, .height = 300, .scans = JpegScans::kProgressive, .arithmetic = true});
  const Buffer source = with_two_frames(whole, "\xff\xca");
  ASSERT_FALSE(source.empty());
  const auto result = render(source, Recipe{}, RenderLimits{});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, FaultCode::kCorruptImage);
}

Buffer png_claiming(std::uint32_t width, std::uint32_t height) {
  Buffer source;
  append_png_signature(source);
  append_png_header(source, {width, height, 8, PngColor::kRgb, false});
  append_png_chunk(source, four("IDAT"), Buffer(100));
  append_png_chunk(source, four("IEND"), {});
  return source;
}

TEST(Hostile, TooManyPixelsAreRefusedByTheHeader) {
  const auto result = render(png_claiming(30'000, 30'000), Recipe{}, RenderLimits{});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, FaultCode::kTooManyPixels);
}

TEST(Hostile, APromiseWithoutDataIsNotAllocatedFor) {
  const auto result = render(png_claiming(9'999, 9'999), Recipe{}, RenderLimits{});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, FaultCode::kCorruptImage);
}

// What a few bytes claim costs next to nothing: the child's CPU clock would say, but so does the
// code, which must not be the one behind a decoder.
TEST(Hostile, ClaimsAreJudgedByTheHeader) {
  Buffer gif;
  append(gif, std::string_view("GIF89a\xff\xff\xff\xff\x80\0\0", 13));
  gif.resize(gif.size() + 6);  // two colours
  append(gif, std::string_view(",\0\0\0\0\xff\xff\xff\xff\0\2\2\x4c\1\0;", 16));
  Buffer bmp = encode(picture(40, 30, 3), ".bmp");
  if (bmp.size() > 26) {
    for (const std::size_t at : {18U, 22U}) {
      bmp[at] = std::byte{0x60};
      bmp[at + 1] = std::byte{0xea};
    }
  }
  for (const Buffer& source : {png_claiming(60'000, 60'000), gif, bmp}) {
    if (source.empty()) continue;  // this libvips writes no BMP
    for (const Recipe& recipe : {Recipe{}, Recipe{.format = PictureFormat::kWebp}, kShaping}) {
      const auto result = render(source, recipe, {});
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, FaultCode::kTooManyPixels) << result.error().message;
    }
  }
}

TEST(Hostile, FramesCountIntoThePixels) {
  for (const auto* suffix : {".gif", ".webp[Q=50]"}) {
    const Buffer source =
        encode(picture(50, 40, 3, Look::kPhoto, 4), suffix, {.delays_ms = {100, 100, 100, 100}});
    EXPECT_TRUE(render(source, Recipe{}, {.pixels_max = 8'000})) << suffix;
    const auto refused = render(source, Recipe{}, {.pixels_max = 7'999});
    ASSERT_FALSE(refused) << suffix;
    EXPECT_EQ(refused.error().code, FaultCode::kTooManyPixels);
  }
}

Buffer packed(Bytes plain) {
  using Deflater = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;
  const Deflater deflater(libdeflate_alloc_compressor(9), &libdeflate_free_compressor);
  Buffer packed(libdeflate_zlib_compress_bound(deflater.get(), plain.size()));
  packed.resize(libdeflate_zlib_compress(deflater.get(), plain.data(), plain.size(), packed.data(),
                                         packed.size()));
  return packed;
}

Buffer packed_zeros(std::size_t count) { return packed(Buffer(count)); }

// A sound picture with the chunk behind its header.
Buffer png_with(std::uint32_t type, Bytes data) {
  const Buffer plain = encode(picture(60, 40, 3), ".png");
  Buffer source;
  append_png_signature(source);
  PngChunks chunks(plain);
  while (const auto chunk = chunks.next()) {
    append(source, chunk->whole);
    if (chunk->type == four("IHDR")) append_png_chunk(source, type, data);
  }
  return source;
}

Buffer png_with_profile(Bytes profile) {
  Buffer iccp;
  append(iccp, std::string_view("icc\0\0", 5));
  append(iccp, packed(profile));
  return png_with(four("iCCP"), iccp);
}

TEST(Hostile, AProfileThatUnpacksToManyMegabytesIsDropped) {
  Buffer headed(64 << 20);
  std::memcpy(headed.data(), "\0\0\x10\0", 4);  // says 4,096
  std::memcpy(headed.data() + 36, "acsp", 4);
  for (const Buffer& profile : {Buffer(64 << 20), headed}) {
    const Buffer source = png_with_profile(profile);
    for (const Recipe& recipe : {Recipe{}, Recipe{.quality = 100}, kShaping}) {
      const auto result = render(source, recipe, {});
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_FALSE(contains(result->bytes, "iCCP"));
      EXPECT_FALSE(contains(result->bytes, "ICCP"));
    }
    EXPECT_FALSE(contains(*strip_png(source), "iCCP"));
  }
}

TEST(Hostile, WhatStandsBehindAProfileIsNoPartOfIt) {
  const std::string icc = icc_profile("srgb");
  Buffer profile(icc.size() + 100);
  std::memcpy(profile.data(), icc.data(), icc.size());
  const auto result = render(png_with_profile(profile), {.format = PictureFormat::kJpeg}, {});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(decode(result->bytes)->icc, icc);
}

TEST(Hostile, TextIsDroppedAsItCame) {
  for (const std::uint32_t type : {four("zTXt"), four("iTXt")}) {
    Buffer text;
    append(text, std::string_view("bomb\0\0", 6));
    append(text, packed_zeros(64 << 20));
    const auto stripped = strip_png(png_with(type, text));
    ASSERT_TRUE(stripped);
    EXPECT_FALSE(contains(*stripped, "TXt"));
  }
}

TEST(Hostile, WhatIsNoProfileIsDroppedEverywhere) {
  for (const auto* suffix : {".jpg[Q=90]", ".png", ".webp[Q=80]", ".webp[lossless]", ".tif"}) {
    Buffer source = encode(picture(120, 80, 3), suffix, {.icc = icc_profile("srgb")});
    if (std::string_view(suffix) == ".png") {
      source = png_with_profile(Buffer(500));
    } else {
      const std::size_t at = text_of(source).find("acsp");
      ASSERT_NE(at, std::string::npos) << suffix;
      std::memcpy(source.data() + at, "ACSP", 4);
    }
    const auto result = render(source, {}, {});
    ASSERT_TRUE(result) << suffix << result.error().message;
    const auto shown = decode(result->bytes);
    ASSERT_TRUE(shown) << suffix;
    EXPECT_TRUE(shown->icc.empty()) << suffix;
  }
}

TEST(Lzw, PacksWhatItUnpacks) {
  std::mt19937 random(3);
  for (const int bits : {2, 3, 5, 8}) {
    for (const std::size_t count : {1U, 2U, 100U, 5'000U, 70'000U}) {
      for (const unsigned variety : {1U, 2U, 200U}) {
        Buffer indices;
        for (std::size_t i = 0; i < count; ++i) {
          indices.push_back(static_cast<std::byte>(random() % variety % (1U << bits)));
        }
        const LzwIndices back = unpack_lzw(pack_lzw(indices, bits, {}), bits, count);
        EXPECT_EQ(back.end, LzwEnd::kComplete);
        EXPECT_EQ(back.indices, indices) << bits << " bits, " << count << " of " << variety;
      }
    }
  }
}

TEST(Lzw, NearRunsStayWithinTheDistanceAndOffTheTransparent) {
  Buffer palette;
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (int band = 0; band < 3; ++band) append_u8(palette, i);
  }
  std::mt19937 random(5);
  Buffer indices;
  for (int i = 0; i < 20'000; ++i) indices.push_back(static_cast<std::byte>(90 + random() % 20));
  constexpr std::uint8_t kTransparent = 100;
  constexpr int kDistance = 6;
  const Buffer packed = pack_lzw(indices, 8, LzwTolerance(palette, kTransparent, kDistance));
  EXPECT_LT(packed.size(), pack_lzw(indices, 8, {}).size() * 9 / 10);
  const Buffer back = unpack_lzw(packed, 8, indices.size()).indices;
  ASSERT_EQ(back.size(), indices.size());
  for (std::size_t i = 0; i < back.size(); ++i) {
    const int before = std::to_integer<int>(indices[i]);
    const int after = std::to_integer<int>(back[i]);
    ASSERT_EQ(before == kTransparent, after == kTransparent);
    ASSERT_LE(3 * (before - after) * (before - after), kDistance * kDistance);
  }
}

}  // namespace
}  // namespace imgmill::codec_worker
