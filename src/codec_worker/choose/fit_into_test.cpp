#include "codec_worker/choose/fit_into.h"

#include <cmath>

#include <gtest/gtest.h>

#include "codec_worker/choose/quality_search.h"

namespace imgmill::codec_worker {
namespace {

// A coder of which only the sizes are known.
class FakeCoder {
 public:
  explicit FakeCoder(std::function<double(int)> bytes) : bytes_(std::move(bytes)) {}

  RenderResult render(int quality) {
    ++renders;
    if (quality == kQualityAuto) quality = chosen;
    return Picture{.bytes = std::vector<std::byte>(bytes_at(quality)), .quality = quality};
  }
  RenderResult fit(std::uint64_t bytes_max, int quality) {
    renders = 0;
    return fit_into(bytes_max, quality, [this](int asked) { return render(asked); });
  }
  [[nodiscard]] std::size_t bytes_at(int quality) const {
    return static_cast<std::size_t>(bytes_(quality));
  }
  [[nodiscard]] int best(std::uint64_t bytes_max, int quality) const {
    while (quality > 0 && bytes_at(quality) > bytes_max) --quality;
    return quality;
  }

  int renders = 0;
  int chosen = 60;

 private:
  std::function<double(int)> bytes_;
};

// As JPEG's sizes go: with the power of the steps.
double like_jpeg(int quality) {
  const double percent = quality < 50 ? 5'000.0 / quality : std::max(1.0, 200.0 - 2 * quality);
  return 600 + 3'000'000 / std::pow(percent, 0.7);
}
// As WebP's and AVIF's go.
double like_video(int quality) { return 900 + 2'000 * std::exp(quality / 25.0); }
// As PNG's go: a step every ten.
double like_png(int quality) { return 50'000 + 10'000 * std::floor(quality / 10.0); }

TEST(FitInto, WhatFitsIsTakenAtOnce) {
  FakeCoder coder(like_jpeg);
  const auto made = coder.fit(coder.bytes_at(80), 80);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->quality, 80);
  EXPECT_EQ(coder.renders, 1);
}

TEST(FitInto, TheHighestQualityThatFitsInFewRenders) {
  // Of a PNG one step is ten qualities.
  const std::vector<std::pair<double (*)(int), int>> coders{
      {like_jpeg, 1}, {like_video, 1}, {like_png, 11}};
  for (const auto& [sizes, off_max] : coders) {
    FakeCoder coder(sizes);
    for (int asked : {100, 90, 75, 50, 20}) {
      for (int wanted = 1; wanted < asked; ++wanted) {
        const std::uint64_t bytes_max = coder.bytes_at(wanted);
        const auto made = coder.fit(bytes_max, asked);
        ASSERT_TRUE(made) << asked << " " << wanted;
        EXPECT_LE(made->bytes.size(), bytes_max);
        EXPECT_LE(coder.renders, kFitRendersMax);
        const int best = coder.best(bytes_max, asked);
        EXPECT_LE(best - made->quality, off_max) << asked << " " << best;
      }
    }
  }
}

TEST(FitInto, NothingFitsAndTheTextSaysTheSmallest) {
  for (const auto& sizes : {like_jpeg, like_video, like_png}) {
    FakeCoder coder(sizes);
    const std::size_t least = coder.bytes_at(1);
    const auto made = coder.fit(least - 1, 90);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, FaultCode::kDoesNotFit);
    EXPECT_NE(made.error().message.find(std::to_string(least) + " bytes"), std::string::npos)
        << made.error().message;
    EXPECT_LE(coder.renders, kFitRendersMax);
    EXPECT_TRUE(coder.fit(least, 90));
  }
}

TEST(FitInto, ALargePictureGetsFewerRendersAndStillOneThatFits) {
  EXPECT_EQ(fit_renders_for(1), 6);
  EXPECT_EQ(fit_renders_for(20'000'000), 6);
  EXPECT_EQ(fit_renders_for(30'000'000), 4);
  EXPECT_EQ(fit_renders_for(100'000'000), 3);
  for (const auto& sizes : {like_jpeg, like_video, like_png}) {
    FakeCoder coder(sizes);
    for (int wanted = 1; wanted < 90; ++wanted) {
      coder.renders = 0;
      const auto made = fit_into(
          coder.bytes_at(wanted), 90, [&](int quality) { return coder.render(quality); },
          kFitRendersMin);
      ASSERT_TRUE(made) << wanted;
      EXPECT_LE(made->bytes.size(), coder.bytes_at(wanted));
      EXPECT_LE(coder.renders, kFitRendersMin);
    }
  }
}

TEST(FitInto, AKnobThatDoesNothingIsFoundOutSoon) {
  FakeCoder coder([](int) { return 5'000.0; });
  EXPECT_FALSE(coder.fit(4'999, 50));
  EXPECT_LE(coder.renders, 4);
}

TEST(FitInto, SizesThatFallAndRiseStillEndWithOneThatFits) {
  FakeCoder coder([](int quality) { return like_jpeg(quality) * (1 + 0.2 * std::sin(quality)); });
  for (std::uint64_t bytes_max = 30'000; bytes_max < 200'000; bytes_max += 1'000) {
    const auto made = coder.fit(bytes_max, 95);
    ASSERT_TRUE(made) << bytes_max;
    EXPECT_LE(made->bytes.size(), bytes_max);
    EXPECT_LE(coder.renders, kFitRendersMax);
  }
}

// With auto the first render says what was chosen; the bound only takes from it.
TEST(FitInto, GoesDownFromAChosenQuality) {
  FakeCoder coder(like_jpeg);
  EXPECT_EQ(coder.fit(coder.bytes_at(70), kQualityAuto)->quality, 60);
  EXPECT_EQ(coder.renders, 1);
  const auto made = coder.fit(coder.bytes_at(40), kQualityAuto);
  ASSERT_TRUE(made);
  EXPECT_LE(made->quality, 40);
  EXPECT_GE(made->quality, 38);
}

TEST(FitInto, AFaultOfThePictureIsHandedOn) {
  const auto made = fit_into(1'024, 50, [](int) -> RenderResult {
    return std::unexpected(ImageFault{FaultCode::kCorruptImage, "cut off"});
  });
  EXPECT_EQ(made.error().code, FaultCode::kCorruptImage);
}

TEST(QualitySearch, EndsBetweenTwoNeighbours) {
  QualitySearch search({.lowest = 20, .highest = 95}, 70, 15);
  int tries = 0;
  while (const auto quality = search.next(50)) {
    search.tried(*quality, *quality + 7.5);
    ASSERT_LE(++tries, 6);
  }
  EXPECT_EQ(search.below(), 62);
  EXPECT_EQ(search.above(), 63);
}

TEST(QualitySearch, EndsAtAnEndOfTheRange) {
  for (const double value : {10.0, 99.0}) {
    QualitySearch search({.lowest = 20, .highest = 95}, 70, 15);
    int tries = 0;
    while (const auto quality = search.next(50)) {
      search.tried(*quality, value);
      ASSERT_LE(++tries, 4);
    }
    EXPECT_EQ(search.below(), value < 70 ? std::optional(95) : std::nullopt);
    EXPECT_EQ(search.above(), value < 70 ? std::nullopt : std::optional(20));
  }
}

}  // namespace
}  // namespace imgmill::codec_worker
