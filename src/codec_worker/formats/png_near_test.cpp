// Near-lossless rows as a reader sees them: the bound of the error, and where there is none.
#include "codec_worker/formats/png_near.h"

#include <gtest/gtest.h>

#include "codec_worker/formats/png_pixels.h"
#include "codec_worker/formats/sample_pictures.h"

namespace imgmill::codec_worker {
namespace {

using samples::Raster;

PngImage image_of(const Raster& raster) {
  constexpr std::array<PngColor, 4> kColors{PngColor::kGrey, PngColor::kGreyAlpha, PngColor::kRgb,
                                            PngColor::kRgba};
  PngImage image;
  image.header = {static_cast<std::uint32_t>(raster.width),
                  static_cast<std::uint32_t>(raster.height), 8,
                  kColors[static_cast<std::size_t>(raster.bands - 1)], false};
  append(image.rows, std::as_bytes(std::span(raster.samples)));
  return image;
}

// What a reader gets of the picture's rows at `quality`.
Raster near(const Raster& source, int quality) {
  const PngImage image = image_of(source);
  const Buffer file = write_png(image, filter_rows_near(image, quality), 5, {}, {});
  const auto pixels = read_png(file);
  Raster out = source;
  if (!pixels) {
    ADD_FAILURE() << pixels.error().message;
    return out;
  }
  std::memcpy(out.samples.data(), pixels->rows.data(), out.samples.size());
  return out;
}

int largest_difference(const Raster& a, const Raster& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    largest = std::max(largest, std::abs(a.samples[i] - b.samples[i]));
  }
  return largest;
}

template <class Value>  // of x, y and band
Raster drawn(int width, int height, int bands, Value value) {
  Raster raster{width, height, bands, 1, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int band = 0; band < bands; ++band) {
        raster.samples.push_back(static_cast<std::uint8_t>(value(x, y, band)));
      }
    }
  }
  return raster;
}

// Neighbours have nothing to do with each other.
int noise(int x, int y, int band) {
  const auto seed = static_cast<std::uint32_t>(x * 7 + y * 1'031 + band * 65'537);
  return static_cast<int>(seed * 2'654'435'761U >> 24);
}

TEST(PngNear, NoSampleIsFurtherAwayThanTheBound) {
  for (const int bands : {1, 3}) {
    const Raster source = drawn(97, 61, bands, noise);
    for (const int quality : {1, 20, 50, 70, 90}) {
      const int error = largest_difference(source, near(source, quality));
      EXPECT_LE(error, png_error_max(quality)) << "quality " << quality << ", bands " << bands;
      EXPECT_GT(error, 0) << "quality " << quality;
    }
  }
}

TEST(PngNear, TheBoundFallsWithQuality) {
  EXPECT_EQ(png_error_max(50), 7);
  EXPECT_EQ(png_error_max(91), 0);
  for (int quality = 2; quality <= 100; ++quality) {
    EXPECT_LE(png_error_max(quality), png_error_max(quality - 1));
  }
}

// A step would show as streaks: there is no noise to hide in.
TEST(PngNear, AGentleGradientIsExact) {
  const Raster source =
      drawn(400, 300, 3, [](int x, int y, int band) { return 40 + x / 8 + y / 9 + band * 20; });
  for (const int quality : {1, 50}) {
    EXPECT_EQ(largest_difference(source, near(source, quality)), 0) << "quality " << quality;
  }
}

// White behind a product, up to the edge.
TEST(PngNear, WhatIsFlatStaysFlatBesideWhatIsBusy) {
  constexpr int kEdge = 64;  // of a tile
  const Raster source =
      drawn(128, 64, 3, [](int x, int y, int band) { return x < kEdge ? 255 : noise(x, y, band); });
  const Raster after = near(source, 10);
  for (int y = 0; y < source.height; ++y) {
    for (int x = 0; x < kEdge; ++x) ASSERT_EQ(after.at(x, y, 0), 255) << x << ' ' << y;
  }
  EXPECT_GT(largest_difference(source, after), 0);
}

TEST(PngNear, AlphaIsExactAndHiddenColourIsFree) {
  for (const int bands : {2, 4}) {
    const Raster source = drawn(80, 50, bands, [bands](int x, int y, int band) {
      return band == bands - 1 && x < 30 ? 0 : noise(x, y, band);
    });
    const Raster after = near(source, 30);
    for (int y = 0; y < source.height; ++y) {
      for (int x = 0; x < source.width; ++x) {
        const int alpha = source.at(x, y, bands - 1);
        ASSERT_EQ(after.at(x, y, bands - 1), alpha);
        if (alpha == 0) continue;
        ASSERT_LE(std::abs(after.at(x, y, 0) - source.at(x, y, 0)), png_error_max(30));
      }
    }
  }
}

TEST(PngNear, IsSmallerTheLowerTheQuality) {
  const PngImage image = image_of(samples::picture(300, 200, 3));
  std::size_t before = 0;
  for (const int quality : {10, 30, 50, 70, 90}) {
    const std::size_t size = write_png(image, filter_rows_near(image, quality), 5, {}, {}).size();
    EXPECT_GT(size, before) << "quality " << quality;
    before = size;
  }
}

TEST(PngNear, AnySize) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {5, 4}, {4, 5}, {3, 3}}) {
    const Raster source = drawn(width, height, 3, noise);
    EXPECT_LE(largest_difference(source, near(source, 50)), png_error_max(50));
  }
}

}  // namespace
}  // namespace imgmill::codec_worker
