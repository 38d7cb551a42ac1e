#include "codec_worker/shape/resample.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "codec_worker/formats/sample_pictures.h"
#include "codec_worker/shape/upright.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;

PixelModel model_of(int bands) {
  constexpr std::array kModels{PixelModel::kGrey, PixelModel::kGreyAlpha, PixelModel::kRgb,
                               PixelModel::kRgba};
  return kModels[static_cast<std::size_t>(bands - 1)];
}

Pixmap pixmap_of(const Raster& raster) {
  Pixmap out({static_cast<std::uint32_t>(raster.width), static_cast<std::uint32_t>(raster.height)},
             model_of(raster.bands));
  out.samples = raster.samples;
  return out;
}

Raster raster_of(const Pixmap& picture) {
  return {static_cast<int>(picture.size.width), static_cast<int>(picture.size.height),
          static_cast<int>(channels_of(picture.model)), 1, picture.samples};
}

Raster resampled(const Raster& source, PixelSize wanted) {
  RowCollector collector;
  Resampler resampler(wanted, collector);
  resampler.take(pixmap_of(source));
  return raster_of(collector.finish());
}

// Shrunk by factors below 2, between, and so large that averaging goes first. Where a side is not
// whole libvips keeps the proportions and invents an edge, so these are all whole.
TEST(Resample, IsWhatLibvipsMakes) {
  for (int bands = 1; bands <= 4; ++bands) {
    const Raster source = picture(640, 400, bands);
    const Buffer file = encode(source, ".png");
    for (const int width : {632, 480, 392, 320, 200, 160, 80, 40, 16, 8}) {
      const auto expected = thumbnail(file, width, 10'000);
      ASSERT_TRUE(expected);
      const Raster made = resampled(source, {static_cast<std::uint32_t>(expected->width),
                                             static_cast<std::uint32_t>(expected->height)});
      EXPECT_LT(difference(*expected, made), 2) << bands << " bands to " << width;
    }
  }
}

TEST(Resample, TheSameSizeIsTheSamePicture) {
  const Raster source = picture(61, 40, 3);
  EXPECT_EQ(resampled(source, {61, 40}).samples, source.samples);
}

TEST(Resample, AFlatPictureStaysFlat) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const Raster source{97, 61, 4, 1,
                        std::vector<std::uint8_t>(97 * 61 * 4, static_cast<std::uint8_t>(value))};
    for (const PixelSize size : {PixelSize{96, 60}, {50, 31}, {13, 61}, {97, 7}, {1, 1}}) {
      const Raster made = resampled(source, size);
      const bool visible = value > 0;
      for (const std::uint8_t sample : made.samples) {
        // Colours are whatever alpha lets through; of a faint one that is only about right.
        ASSERT_NEAR(sample, value, visible && value < 127 ? 1 : 0);
      }
    }
  }
}

TEST(Resample, WhatIsInvisibleDoesNotBleed) {
  Raster source{100, 100, 4, 1, {}};
  for (int i = 0; i < 100 * 100; ++i) {
    const bool left = i % 100 < 50;
    const std::array<std::uint8_t, 4> pixel = left ? std::array<std::uint8_t, 4>{200, 10, 10, 255}
                                                   : std::array<std::uint8_t, 4>{10, 250, 10, 0};
    source.samples.insert(source.samples.end(), pixel.begin(), pixel.end());
  }
  const Raster made = resampled(source, {33, 33});
  for (int x = 0; x < 33; ++x) {
    if (made.at(x, 16, 3) < 8) continue;
    EXPECT_NEAR(made.at(x, 16, 0), 200, 12) << x;
    EXPECT_NEAR(made.at(x, 16, 1), 10, 12) << x;
  }
}

// Each kind of vector that this machine has against sums written out.
TEST(Resample, EveryKindOfVectorSumsAlike) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> weight(-0.3F, 1);
  std::vector<float> weights(13);
  for (float& one : weights) one = weight(random);
  std::vector<std::vector<float>> rows(13, std::vector<float>(203 + kRowSlack));
  std::vector<std::uint8_t> samples(203);
  for (auto& row : rows) {
    for (std::uint8_t& sample : samples) sample = static_cast<std::uint8_t>(random());
    for (std::size_t i = 0; i < samples.size(); ++i) row[i] = samples[i];
  }
  std::vector<const float*> starts;
  for (const auto& row : rows) starts.push_back(row.data());
  const std::int64_t supported = hwy::SupportedTargets();
  for (std::int64_t left = supported; left != 0; left &= left - 1) {
    hwy::SetSupportedTargetsForTest(left & -left);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    std::vector<float> blended(203 + kRowSlack);
    blend_rows(starts, weights, 203, blended.data());
    std::vector<float> wide(203);
    widen_samples(samples.data(), 203, wide.data());
    add_samples(wide.data(), 203, wide.data());
    for (std::size_t i = 0; i < 203; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < weights.size(); ++k) sum += double{weights[k]} * rows[k][i];
      ASSERT_NEAR(blended[i], sum, 1e-2);
      ASSERT_EQ(wide[i], 2.0F * samples[i]);
    }
    for (std::size_t channels = 1; channels <= 4; ++channels) {
      const std::array<Taps, 2> taps{Taps{3, std::span(weights).first(12)}, Taps{5, weights}};
      std::vector<float> out(2 * channels + kRowSlack);
      blend_pixels(rows[0].data(), channels, taps, out.data());
      for (std::size_t i = 0; i < 2 * channels; ++i) {
        double sum = 0;
        const Taps& tap = taps[i / channels];
        for (std::size_t k = 0; k < tap.weights.size(); ++k) {
          sum += double{tap.weights[k]} * rows[0][(tap.first + k) * channels + i % channels];
        }
        ASSERT_NEAR(out[i], sum, 1e-2);
      }
    }
    std::vector<float> odd{-3.2F, 0.4F, 0.6F, 254.6F, 255.4F, 900, 1e9F};
    odd.resize(35, 77.2F);
    std::vector<std::uint8_t> narrow(odd.size());
    narrow_samples(odd.data(), odd.size(), narrow.data());
    EXPECT_EQ(narrow[0], 0);
    EXPECT_EQ(narrow[1], 0);
    EXPECT_EQ(narrow[2], 1);
    for (std::size_t i = 3; i < 7; ++i) EXPECT_EQ(narrow[i], 255);
    for (std::size_t i = 7; i < narrow.size(); ++i) EXPECT_EQ(narrow[i], 77);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(Upright, EightTimesEachPixelFindsItsPlace) {
  // 1 2 3
  // 4 5 6
  Pixmap source({3, 2}, PixelModel::kGrey);
  source.samples = {1, 2, 3, 4, 5, 6};
  const std::array<std::vector<std::uint8_t>, 8> expected{{{1, 2, 3, 4, 5, 6},
                                                           {3, 2, 1, 6, 5, 4},
                                                           {6, 5, 4, 3, 2, 1},
                                                           {4, 5, 6, 1, 2, 3},
                                                           {1, 4, 2, 5, 3, 6},
                                                           {4, 1, 5, 2, 6, 3},
                                                           {6, 3, 5, 2, 4, 1},
                                                           {3, 6, 2, 5, 1, 4}}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Pixmap turned = upright(source, orientation);
    EXPECT_EQ(turned.samples, expected[static_cast<std::size_t>(orientation - 1)]) << orientation;
    EXPECT_EQ(turned.size.width, orientation >= 5 ? 2U : 3U);
  }
}

}  // namespace
}  // namespace imgmill::codec_worker
