#include "codec_worker/formats/jpeg_header.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "codec_worker/formats/jpeg_samples.h"
#include "codec_worker/formats/jpeg_steps.h"

namespace imgmill::codec_worker {
namespace {

Buffer bytes_of(std::initializer_list<int> values) {
  Buffer out;
  for (const int value : values) append_u8(out, static_cast<std::uint32_t>(value));
  return out;
}

JpegSegment segment(std::uint8_t marker, const Buffer& payload) { return {marker, payload, {}}; }

Buffer frame_payload(int components, int factors = 0x11) {
  Buffer out = bytes_of({8, 0, 20, 0, 30, components});
  for (int i = 0; i < components; ++i) append(out, Bytes(bytes_of({i + 1, factors, 0})));
  return out;
}

TEST(JpegZigzag, IsTheStandardsPath) {
  EXPECT_EQ(kJpegZigzag[1], 1);
  EXPECT_EQ(kJpegZigzag[2], 8);
  EXPECT_EQ(kJpegZigzag[3], 16);
  EXPECT_EQ(kJpegZigzag[35], 56);
  EXPECT_EQ(kJpegZigzag[63], 63);
  auto sorted = kJpegZigzag;
  std::ranges::sort(sorted);
  for (std::size_t k = 0; k < sorted.size(); ++k) EXPECT_EQ(sorted[k], k);
}

TEST(JpegHeader, TakesWhatItKnowsAndNothingElse) {
  for (const int components : {1, 3, 4}) {
    JpegHeader header;
    EXPECT_TRUE(header.take(segment(0xc0, frame_payload(components))));
    EXPECT_EQ(header.frame().component_count, components);
    EXPECT_FALSE(header.take(segment(0xc0, frame_payload(components)))) << "a second frame";
  }
  EXPECT_FALSE(JpegHeader().take(segment(0xc0, frame_payload(2))));
  EXPECT_FALSE(JpegHeader().take(segment(0xc9, frame_payload(3)))) << "arithmetic coding";
  EXPECT_FALSE(JpegHeader().take(segment(0xc0, frame_payload(3, 0x50)))) << "factors";
  EXPECT_FALSE(JpegHeader().take(segment(0xc0, frame_payload(4, 0x22)))) << "16 blocks";
  EXPECT_FALSE(JpegHeader().take(segment(0xdc, bytes_of({0, 9})))) << "DNL";
  EXPECT_TRUE(JpegHeader().take(segment(0xe5, bytes_of({1, 2, 3}))));
}

TEST(JpegHeader, BlocksOfOddSizes) {
  JpegHeader header;
  ASSERT_TRUE(header.take(
      segment(0xc0, bytes_of({8, 0, 17, 0, 35, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x12, 1}))));
  const JpegFrame& frame = header.frame();
  EXPECT_EQ(frame.mcus_across(), 3);
  EXPECT_EQ(frame.mcus_down(), 2);
  EXPECT_EQ(frame.blocks_per_mcu(), 7);
  EXPECT_EQ(frame.blocks_across(0), 5);
  EXPECT_EQ(frame.blocks_down(0), 3);
  EXPECT_EQ(frame.blocks_across(1), 3);
  EXPECT_EQ(frame.blocks_down(1), 2);
  EXPECT_EQ(frame.blocks_down(2), 3);
}

TEST(JpegHeader, ShortSegmentsAreNotTaken) {
  Buffer steps(65);
  for (auto& byte : steps) byte = std::byte{1};
  steps[0] = std::byte{0};
  EXPECT_TRUE(JpegHeader().take(segment(0xdb, steps)));
  steps.pop_back();
  EXPECT_FALSE(JpegHeader().take(segment(0xdb, steps)));
  EXPECT_FALSE(JpegHeader().take(segment(0xc4, Buffer(16))));
  EXPECT_FALSE(JpegHeader().take(segment(0xdd, Buffer(1))));
}

TEST(JpegHeader, ScansNameTheirComponentsInOrder) {
  JpegHeader header;
  ASSERT_TRUE(header.take(segment(0xc2, frame_payload(3))));
  const auto scan = [&](std::initializer_list<int> values) {
    return header.scan_of(segment(kJpegSos, bytes_of(values))).has_value();
  };
  EXPECT_TRUE(scan({3, 1, 0, 2, 0x11, 3, 0x11, 0, 0, 0}));
  EXPECT_TRUE(scan({1, 2, 0, 1, 63, 0x21}));
  EXPECT_FALSE(scan({2, 2, 0, 1, 0, 0, 0, 0})) << "order";
  EXPECT_FALSE(scan({2, 1, 0, 1, 0, 0, 0, 0})) << "twice";
  EXPECT_FALSE(scan({1, 9, 0, 0, 0, 0})) << "nobody";
  EXPECT_FALSE(scan({1, 1, 0x40, 0, 0, 0})) << "table";
  EXPECT_FALSE(scan({2, 1, 0, 2, 0, 1, 63, 0})) << "details of two at once";
  EXPECT_FALSE(scan({1, 1, 0, 0, 5, 0})) << "averages with details";
  EXPECT_FALSE(scan({1, 1, 0, 5, 64, 0}));
  EXPECT_FALSE(scan({1, 1, 0, 5, 6, 0x20})) << "two bits at once";
  EXPECT_FALSE(scan({1, 1, 0, 5, 6})) << "short";
}

TEST(JpegSteps, AreLibjpegsAtEveryQuality) {
  for (int quality = 1; quality <= 100; ++quality) {
    for (const bool chroma : {false, true}) {
      const auto expected = samples::standard_steps(chroma, quality);
      const JpegSteps steps = standard_jpeg_steps(chroma, quality);
      for (std::size_t k = 0; k < steps.size(); ++k) {
        ASSERT_EQ(steps[k], expected[kJpegZigzag[k]]) << quality;
      }
    }
  }
}

}  // namespace
}  // namespace imgmill::codec_worker
