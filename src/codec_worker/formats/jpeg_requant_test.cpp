#include "codec_worker/formats/jpeg_requant.h"

#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "codec_worker/formats/every_processor.h"
#include "codec_worker/formats/jpeg_samples.h"
#include "codec_worker/formats/jpeg_source.h"
#include "codec_worker/formats/sample_pictures.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;

constexpr JpegRequantOptions plainly(int quality) {
  return {.quality = quality, .rounding = kJpegPlainRounding, .halve_full_chroma = false};
}

// Empty when there is nothing to gain.
Buffer requantised(Bytes source, const JpegRequantOptions& options) {
  const auto made = requantise_jpeg(source, options);
  if (!made || !made->has_value()) {
    ADD_FAILURE() << (made ? "not for the requantiser" : made.error().message);
    return {};
  }
  return **made;
}

bool is_chroma(const JpegData& data, std::size_t component) {
  const bool has_chroma = data.colour_space == 3 || data.colour_space == 5;  // YCbCr, YCCK
  return has_chroma && (component == 1 || component == 2);
}

// What requantising is, said plainly.
int rounded(int value, int from, int to) {
  if (from == to) return value;
  const int magnitude = (std::abs(value) * from + to / 2) / to;
  return value < 0 ? -magnitude : magnitude;
}

void expect_rounded(const JpegData& before, const JpegData& after, int quality) {
  ASSERT_EQ(after.components.size(), before.components.size());
  EXPECT_EQ(after.width, before.width);
  EXPECT_EQ(after.height, before.height);
  EXPECT_EQ(after.colour_space, before.colour_space);
  EXPECT_EQ(after.warnings, 0);
  EXPECT_FALSE(after.progressive);
  for (std::size_t i = 0; i < before.components.size(); ++i) {
    const JpegComponentData& from = before.components[i];
    const JpegComponentData& to = after.components[i];
    ASSERT_EQ(to.values.size(), from.values.size());
    if (before.components.size() > 1) {
      EXPECT_EQ(to.h, from.h);
      EXPECT_EQ(to.v, from.v);
    }
    const auto wanted = standard_steps(is_chroma(before, i), quality);
    for (std::size_t k = 0; k < 64; ++k) {
      ASSERT_EQ(to.steps[k], std::max(from.steps[k], wanted[k]));
    }
    for (std::size_t k = 0; k < from.values.size(); ++k) {
      ASSERT_EQ(to.values[k], rounded(from.values[k], from.steps[k % 64], to.steps[k % 64]))
          << "component " << i << " block " << k / 64 << " place " << k % 64;
    }
  }
}

class EveryKind : public testing::TestWithParam<unsigned> {};

// A hundred kinds each. Thousands of small files are read and written in a second or two.
TEST_P(EveryKind, RoundsAsTheCoefficientPathOfLibjpegDoes) {
  int compared = 0;
  for (unsigned seed = GetParam() * 100; seed < (GetParam() + 1) * 100; ++seed) {
    const JpegKind kind = random_kind(seed);
    SCOPED_TRACE(testing::PrintToString(kind));
    const Buffer source = coded(kind);
    const int quality = 1 + static_cast<int>(seed * 37 % 100);
    const Buffer out = requantised(source, plainly(quality));
    if (out.empty()) continue;  // a tiny source at a high quality
    const auto before = read_data(source);
    const auto after = read_data(out);
    ASSERT_TRUE(before && after);
    expect_rounded(*before, *after, quality);
    if (HasFatalFailure()) return;
    ++compared;
  }
  EXPECT_GE(compared, 80);
}

INSTANTIATE_TEST_SUITE_P(Requant, EveryKind, testing::Range(0U, 20U));

TEST(Requant, OutputsAreReadByVipsWithoutAWord) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const JpegKind kind = random_kind(seed);
    const Buffer out = requantised(coded(kind), {.quality = 40});
    if (out.empty()) continue;
    const auto shown = decode(out);
    ASSERT_TRUE(shown) << testing::PrintToString(kind);
    EXPECT_EQ(shown->raster.width, kind.width);
    EXPECT_EQ(shown->raster.height, kind.height);
  }
}

// The same bytes from all that this processor can do and from plain C++.
TEST(Requant, EveryProcessorMakesTheSameBytes) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    JpegKind kind = random_kind(seed);
    if (seed % 2 == 0) {
      kind.model = JpegModel::kYcc;
      kind.sampling.fill({1, 1});
    }
    const Buffer source = coded(kind);
    std::vector<Buffer> made;
    on_every_processor([&] { made.push_back(requantised(source, {.quality = 45})); });
    ASSERT_GE(made.size(), 2U);
    for (const Buffer& out : made) EXPECT_EQ(out, made.front());
  }
}

TEST(Requant, FullChromaIsHalvedBelowNinety) {
  JpegKind kind{.width = 301, .height = 203, .quality = 95};
  kind.sampling.fill({1, 1});
  const Buffer source = coded(kind);
  const auto full = read_data(requantised(source, {.quality = 90}));
  const auto halved = read_data(requantised(source, {.quality = 89}));
  ASSERT_TRUE(full && halved);
  EXPECT_EQ(full->components[0].h, 1);
  EXPECT_EQ(halved->components[0].h, 2);
  EXPECT_EQ(halved->components[0].v, 2);
  EXPECT_EQ(halved->components[1].h, 1);
  EXPECT_EQ(halved->warnings, 0);
}

// Halving in the coefficients moves a picture no further than libvips does, which halves pixels.
TEST(Requant, HalvedChromaLooksAsIfPixelsHadBeenAveraged) {
  for (const auto& [width, height] : {std::pair{160, 120}, {161, 121}, {8, 8}, {9, 17}, {1, 1}}) {
    const Raster raster = picture(width, height, 3);
    const Buffer source = encode(raster, ".jpg[Q=98,subsample_mode=off]");
    const auto before = decode(source);
    const auto after = decode(requantised(source, {.quality = 85}));
    const auto reference = decode(encode(raster, ".jpg[Q=85,subsample_mode=on]"));
    ASSERT_TRUE(before && after && reference);
    EXPECT_LT(difference(before->raster, after->raster),
              1.1 * difference(before->raster, reference->raster) + 1)
        << width << 'x' << height;
  }
}

TEST(Requant, RgbKeepsItsChroma) {
  JpegKind kind{.width = 80, .height = 60, .model = JpegModel::kRgb};
  kind.sampling.fill({1, 1});
  for (const bool named : {false, true}) {
    Buffer source = coded(kind);
    if (named) {  // by the components' ids alone, without Adobe's segment
      const std::size_t adobe = text_of(source).find("\xff\xee");
      ASSERT_NE(adobe, std::string::npos);
      source.erase(source.begin() + static_cast<std::ptrdiff_t>(adobe),
                   source.begin() + static_cast<std::ptrdiff_t>(adobe) + 16);
    }
    const auto data = read_data(requantised(source, {.quality = 50}));
    ASSERT_TRUE(data);
    EXPECT_EQ(data->colour_space, read_data(source)->colour_space);
    EXPECT_EQ(data->components[0].h, 1);
  }
}

TEST(Requant, NothingGainedIsEmpty) {
  const Buffer source = coded({.quality = 30, .optimised = true});
  const Buffer once = requantised(source, plainly(30));
  EXPECT_TRUE(requantised(once.empty() ? source : once, plainly(30)).empty());
}

TEST(Requant, WidestPictureWorks) {
  for (const int h : {1, 2}) {
    JpegKind kind{.width = 65'500, .height = 9, .quality = 95};
    kind.sampling[0] = {h, h};
    const Buffer source = coded(kind);
    const Buffer out = requantised(source, plainly(50));
    const auto before = read_data(source);
    const auto after = read_data(out);
    ASSERT_TRUE(before && after);
    expect_rounded(*before, *after, 50);
    EXPECT_EQ(read_data(requantised(source, {}))->warnings, 0);
  }
}

// More symbols than are kept: the rest is decoded twice.
TEST(Requant, MoreSymbolsThanTheStoreHolds) {
  for (const JpegScans scans : {JpegScans::kOne, JpegScans::kPerComponent}) {
    const JpegKind kind{.width = 3'000, .height = 2'500, .scans = scans, .quality = 98};
    const Buffer source = coded(kind);
    const Buffer out = requantised(source, plainly(90));
    ASSERT_GT(out.size(), 3'000'000U) << "fewer symbols than the store holds";
    const auto before = read_data(source);
    const auto after = read_data(out);
    ASSERT_TRUE(before && after);
    expect_rounded(*before, *after, 90);
  }
}

TEST(Requant, DensityStays) {
  Buffer source = coded({});
  const std::size_t jfif = text_of(source).find("JFIF");
  source[jfif + 7] = std::byte{1};
  source[jfif + 9] = std::byte{72};
  source[jfif + 11] = std::byte{96};
  const auto data = read_data(requantised(source, {.quality = 30}));
  ASSERT_TRUE(data);
  EXPECT_EQ(data->density_unit, 1);
  EXPECT_EQ(data->density_x, 72);
  EXPECT_EQ(data->density_y, 96);
}

TEST(Requant, SecondPictureAndTailAreLeftOut) {
  Buffer source = coded({.width = 64});
  const Buffer second = coded({.width = 200, .height = 200});
  const Buffer alone = requantised(source, {.quality = 40});
  append(source, Bytes(second));
  EXPECT_EQ(requantised(source, {.quality = 40}), alone);
}

TEST(Requant, ArithmeticCodingIsNotForIt) {
  const Buffer source = coded({.arithmetic = true});
  const auto made = requantise_jpeg(source, {});
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->has_value());
}

}  // namespace
}  // namespace imgmill::codec_worker
