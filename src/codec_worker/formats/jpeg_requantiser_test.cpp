#include "codec_worker/formats/jpeg_requantiser.h"

#include <cmath>
#include <numbers>
#include <random>

#include <gtest/gtest.h>

#include "codec_worker/formats/every_processor.h"
#include "codec_worker/formats/jpeg_chroma_halver.h"

namespace imgmill::codec_worker {
namespace {

using samples::on_every_processor;

JpegSteps all_of(int step) {
  JpegSteps steps{};
  steps.fill(static_cast<std::uint16_t>(step));
  return steps;
}

using Block = std::array<JpegCoefficient, kJpegBlockSize>;

// Every pair of steps, with values over the whole range that samples of 8 bits lead to.
TEST(JpegRequantiser, DividesExactly) {
  on_every_processor([] {
    std::mt19937 random(1);
    for (int to = 1; to <= 255; ++to) {
      const int from = 1 + static_cast<int>(random() % static_cast<unsigned>(to));
      const auto by = JpegRequantisation::make(all_of(from), all_of(to), kJpegPlainRounding);
      const std::array<const JpegRequantisation*, 1> mcu{&by};
      for (int round = 0; round < 8; ++round) {
        Block block{};
        const int most = std::min(1'023, 8'000 / from);
        for (auto& value : block) {
          value = static_cast<JpegCoefficient>(
              static_cast<int>(random() % static_cast<unsigned>(2 * most + 1)) - most);
        }
        const Block before = block;
        std::uint64_t mask = 0;
        requantise_jpeg_blocks(mcu, 1, block.data(), &mask);
        for (std::size_t k = 0; k < block.size(); ++k) {
          const int half = from == to ? 0 : to / 2;
          const int size = (std::abs(before[k]) * from + half) / to;
          ASSERT_EQ(block[k], before[k] < 0 ? -size : size) << from << " to " << to;
          ASSERT_EQ(mask >> k & 1, block[k] != 0 ? 1U : 0U);
        }
      }
    }
  });
}

TEST(JpegRequantiser, LiesStayWithinWhatCanBeCoded) {
  for (const auto& [from, to] : {std::pair{1, 1}, {1, 2}, {255, 255}, {60'000, 60'000}, {3, 200}}) {
    const auto by = JpegRequantisation::make(all_of(from), all_of(to), kJpegPlainRounding);
    const std::array<const JpegRequantisation*, 1> mcu{&by};
    Block block{};
    for (std::size_t k = 0; k < block.size(); ++k) {
      block[k] = k % 2 == 0 ? JpegCoefficient{32'767} : JpegCoefficient{-32'768};
    }
    std::uint64_t mask = 0;
    requantise_jpeg_blocks(mcu, 1, block.data(), &mask);
    EXPECT_LE(std::abs(block[0]), 1'024);
    for (std::size_t k = 1; k < block.size(); ++k) {
      EXPECT_LE(std::abs(block[k]), 1'023);
      EXPECT_EQ(block[k] > 0, k % 2 == 0);
    }
  }
}

// What is less than the share is zero, the rest as without it, and the lowest frequencies are left
// alone.
TEST(JpegRequantiser, OnlyWhatBecomesZeroIsRoundedOtherwise) {
  on_every_processor([] {
    for (int to = 2; to <= 255; ++to) {
      const int from = 1 + to / 7;
      const auto plain = JpegRequantisation::make(all_of(from), all_of(to), kJpegPlainRounding);
      const auto dead = JpegRequantisation::make(all_of(from), all_of(to), {.zero_below = 0.75});
      for (int value = -2 * to / from - 2; value <= 2 * to / from + 2; ++value) {
        Block plainly{};
        plainly.fill(static_cast<JpegCoefficient>(value));
        Block deadly = plainly;
        std::uint64_t mask = 0;
        const std::array<const JpegRequantisation*, 1> one{&plain};
        requantise_jpeg_blocks(one, 1, plainly.data(), &mask);
        const std::array<const JpegRequantisation*, 1> other{&dead};
        requantise_jpeg_blocks(other, 1, deadly.data(), &mask);
        const bool zero = 4 * std::abs(value) * from < 3 * to;
        for (std::size_t k = 0; k < kJpegBlockSize; ++k) {
          ASSERT_EQ(deadly[k], zero && k > 2 ? 0 : plainly[k])
              << value << " of " << from << " to " << to;
          ASSERT_EQ(mask >> k & 1, deadly[k] != 0 ? 1U : 0U);
        }
      }
    }
  });
}

// A source of half the step: every second value is a tie.
TEST(JpegRequantiser, TiesFallBehindTheLowestFrequencies) {
  on_every_processor([] {
    const auto by = JpegRequantisation::make(all_of(8), all_of(16), {.ties_fall = true});
    const std::array<const JpegRequantisation*, 1> mcu{&by};
    for (const int value : {-5, -3, -1, 1, 2, 3, 5}) {
      Block block{};
      block.fill(static_cast<JpegCoefficient>(value));
      std::uint64_t mask = 0;
      requantise_jpeg_blocks(mcu, 1, block.data(), &mask);
      const int away = value < 0 ? value - 1 : value + 1;
      EXPECT_EQ(block[2], value % 2 == 0 ? value / 2 : away / 2) << value;
      EXPECT_EQ(block[3], value / 2) << value;
    }
  });
}

double cosine(int u, int x) {
  const double scale = u == 0 ? std::sqrt(1.0 / 8) : 0.5;
  return scale * std::cos((2 * x + 1) * u * std::numbers::pi / 16);
}

using Pixels = std::array<std::array<double, 16>, 16>;

void add_pixels(const JpegCoefficient* block, const JpegSteps& steps, int left, int top,
                Pixels& pixels) {
  for (std::size_t k = 0; k < kJpegBlockSize; ++k) {
    const int u = kJpegZigzag[k] % 8;
    const int v = kJpegZigzag[k] / 8;
    const double value = block[k] * steps[k];
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        pixels[static_cast<std::size_t>(top) + static_cast<std::size_t>(y)]
              [static_cast<std::size_t>(left) + static_cast<std::size_t>(x)] +=
            value * cosine(u, x) * cosine(v, y);
      }
    }
  }
}

double halved_coefficient(const Pixels& pixels, int u, int v) {
  double sum = 0;
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      const auto left = 2 * static_cast<std::size_t>(x);
      const auto top = 2 * static_cast<std::size_t>(y);
      const double average = (pixels[top][left] + pixels[top][left + 1] + pixels[top + 1][left] +
                              pixels[top + 1][left + 1]) /
                             4;
      sum += average * cosine(u, x) * cosine(v, y);
    }
  }
  return sum;
}

// Against pixels that are averaged, in double precision.
TEST(JpegChromaHalver, IsTheAverageOfPixels) {
  JpegSteps from{};
  JpegSteps to{};
  for (std::size_t k = 0; k < kJpegBlockSize; ++k) {
    from[k] = static_cast<std::uint16_t>(2 + k % 7);
    to[k] = static_cast<std::uint16_t>(9 + k % 5);
  }
  const auto by = JpegChromaHalving::make(from, to);
  on_every_processor([&] {
    std::mt19937 random(9);
    std::array<Block, 4> blocks{};  // the upper two, the lower two
    Pixels pixels{};
    for (int i = 0; i < 4; ++i) {
      auto& block = blocks[static_cast<std::size_t>(i)];
      for (std::size_t k = 0; k < 40; ++k) {
        block[k] = static_cast<JpegCoefficient>(static_cast<int>(random() % 61) - 30);
      }
      add_pixels(block.data(), from, i % 2 * 8, i / 2 * 8, pixels);
    }
    Block out{};
    std::uint64_t mask = 0;
    halve_jpeg_chroma(by, blocks[0].data(), blocks[2].data(), 1, out.data(), &mask);
    for (std::size_t k = 0; k < kJpegBlockSize; ++k) {
      const double exact =
          halved_coefficient(pixels, kJpegZigzag[k] % 8, kJpegZigzag[k] / 8) / to[k];
      EXPECT_LT(std::abs(out[k] - exact), 0.501) << k;
      EXPECT_EQ(mask >> k & 1, out[k] != 0 ? 1U : 0U);
    }
  });
}

}  // namespace
}  // namespace imgmill::codec_worker
