// BMPs written by hand, of every kind the reader knows, and broken ones.
#include "codec_worker/formats/bmp.h"

#include <random>

#include <gtest/gtest.h>

#include "codec_worker/formats/bmp_header.h"
#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

struct Kind {
  int width = 3;
  int height = 2;
  int bits = 24;
  std::uint32_t compression = 0;
  std::uint32_t header_bytes = 40;
  Buffer behind_header = {};  // masks, palette
  Buffer pixels = {};
};

Buffer bytes_of(std::initializer_list<int> values) {
  Buffer out;
  for (const int value : values) append_u8(out, static_cast<std::uint32_t>(value));
  return out;
}

Buffer file_of(const Kind& kind) {
  Buffer out;
  append(out, std::string_view("BM"));
  append_le32(out, 0);
  append_le32(out, 0);
  const std::size_t behind = kind.header_bytes > 40 ? 0 : kind.behind_header.size();
  append_le32(out, static_cast<std::uint32_t>(14 + kind.header_bytes + behind));
  append_le32(out, kind.header_bytes);
  if (kind.header_bytes == 12) {
    append_le16(out, static_cast<std::uint32_t>(kind.width));
    append_le16(out, static_cast<std::uint32_t>(kind.height));
  } else {
    append_le32(out, static_cast<std::uint32_t>(kind.width));
    append_le32(out, static_cast<std::uint32_t>(kind.height));
  }
  append_le16(out, 1);
  append_le16(out, static_cast<std::uint32_t>(kind.bits));
  if (kind.header_bytes >= 40) {
    append_le32(out, kind.compression);
    for (int i = 0; i < 5; ++i) append_le32(out, 0);
  }
  out.resize(14 + std::min<std::size_t>(kind.header_bytes, 40));
  append(out, kind.behind_header);
  out.resize(14 + kind.header_bytes + behind);
  append(out, kind.pixels);
  return out;
}

// Masks stand within a header of more than 40 bytes.
Kind with_masks(Kind kind, std::initializer_list<std::uint32_t> masks) {
  for (const std::uint32_t mask : masks) append_le32(kind.behind_header, mask);
  return kind;
}

Outcome<Pixmap> decoded(const Buffer& file) {
  const Buffer exact(file.begin(), file.end());  // so that a read past its end is seen
  RowCollector collector;
  auto read = decode_bmp(exact, {}, collector);
  if (!read) return std::unexpected(read.error());
  return collector.finish();
}

using Samples = std::vector<std::uint8_t>;

Samples samples_of(const Buffer& file) {
  auto picture = decoded(file);
  if (!picture) ADD_FAILURE() << picture.error().message;
  return picture ? picture->samples : Samples{};
}

// Red, green; blue, white: bottom row first, rows padded to four bytes.
const Buffer kFourPixels = bytes_of({255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0});
const Samples kFourColours{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};

TEST(Bmp, TwentyFourBits) {
  EXPECT_EQ(samples_of(file_of({.width = 2, .height = 2, .pixels = kFourPixels})), kFourColours);
  for (const std::uint32_t header : {12U, 16U, 52U, 56U, 64U, 108U, 124U}) {
    EXPECT_EQ(samples_of(file_of(
                  {.width = 2, .height = 2, .header_bytes = header, .pixels = kFourPixels})),
              kFourColours)
        << header;
  }
}

TEST(Bmp, TopDown) {
  EXPECT_EQ(samples_of(file_of({.width = 2, .height = -2, .pixels = kFourPixels})),
            (Samples{0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 255, 0}));
}

TEST(Bmp, IndicesOfEveryWidth) {
  const Buffer palette = bytes_of({0, 0, 255, 0, 0, 255, 0, 0});  // red, green as BGRx
  const Samples expected{255, 0, 0, 0, 255, 0, 255, 0, 0};
  const auto row = [&](int bits, std::initializer_list<int> bytes) {
    return samples_of(file_of({.width = 3,
                               .height = 1,
                               .bits = bits,
                               .behind_header = palette,
                               .pixels = bytes_of(bytes)}));
  };
  EXPECT_EQ(row(1, {0x40, 0, 0, 0}), expected);
  EXPECT_EQ(row(2, {0x10, 0, 0, 0}), expected);
  EXPECT_EQ(row(4, {0x01, 0x00, 0, 0}), expected);
  EXPECT_EQ(row(8, {0, 1, 0, 0}), expected);
  EXPECT_EQ(row(8, {0, 1, 200, 0}), (Samples{255, 0, 0, 0, 255, 0, 0, 0, 0}));  // behind its end
  EXPECT_EQ(row(8, {0, 1, 0}), expected);  // the last padding may be missing
}

TEST(Bmp, ThePaletteOfOs2HasThreeBytes) {
  EXPECT_EQ(samples_of(file_of({.width = 2,
                                .height = 1,
                                .bits = 1,
                                .header_bytes = 12,
                                .behind_header = bytes_of({1, 2, 3, 4, 5, 6}),
                                .pixels = bytes_of({0x40, 0, 0, 0})})),
            (Samples{3, 2, 1, 6, 5, 4}));
}

TEST(Bmp, AGreyPaletteIsGrey) {
  const auto picture = decoded(file_of({.width = 2,
                                        .height = 1,
                                        .bits = 8,
                                        .behind_header = bytes_of({9, 9, 9, 0, 200, 200, 200, 0}),
                                        .pixels = bytes_of({1, 0, 0, 0})}));
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->model, PixelModel::kGrey);
  EXPECT_EQ(picture->samples, (Samples{200, 9}));
}

TEST(Bmp, SixteenBits) {
  const Buffer row = bytes_of({0x00, 0x7c, 0xe0, 0x03});  // red, green of 5-5-5
  EXPECT_EQ(samples_of(file_of({.width = 2, .height = 1, .bits = 16, .pixels = row})),
            (Samples{255, 0, 0, 0, 255, 0}));
  const Kind fields{.width = 2,
                    .height = 1,
                    .bits = 16,
                    .compression = 3,
                    .pixels = bytes_of({0x00, 0xf8, 0xef, 0x07})};
  EXPECT_EQ(samples_of(file_of(with_masks(fields, {0xf800, 0x07e0, 0x001f}))),
            (Samples{255, 0, 0, 0, 255, 123}));
}

TEST(Bmp, ThirtyTwoBitsAndAlpha) {
  const Buffer row = bytes_of({1, 2, 3, 128, 4, 5, 6, 0});
  const Kind plain{.width = 2, .height = 1, .bits = 32, .pixels = row};
  EXPECT_EQ(samples_of(file_of(plain)), (Samples{3, 2, 1, 6, 5, 4}));  // the fourth is nothing
  Kind alpha = with_masks(plain, {0xff0000, 0xff00, 0xff, 0xff000000});
  alpha.compression = 3;
  alpha.header_bytes = 108;
  EXPECT_EQ(samples_of(file_of(alpha)), (Samples{3, 2, 1, 128, 6, 5, 4, 0}));
  alpha.pixels = bytes_of({1, 2, 3, 0, 4, 5, 6, 0});
  EXPECT_EQ(samples_of(file_of(alpha)), (Samples{3, 2, 1, 6, 5, 4})) << "an alpha left empty";
  Kind windows_ce = with_masks(plain, {0xff0000, 0xff00, 0xff, 0xff000000});
  windows_ce.compression = 6;
  EXPECT_EQ(samples_of(file_of(windows_ce)), (Samples{3, 2, 1, 128, 6, 5, 4, 0}));
}

Kind packed(int bits, std::initializer_list<int> bytes) {
  Buffer palette;
  for (std::uint32_t i = 0; i < (1U << bits); ++i) append_le32(palette, i * 0x010101);
  return {.width = 4,
          .height = 2,
          .bits = bits,
          .compression = bits == 8 ? 1U : 2U,
          .behind_header = palette,
          .pixels = bytes_of(bytes)};
}

TEST(Bmp, RunLengths) {
  // Bottom row: a run of three and a literal of three, of which two are beyond the line's end.
  EXPECT_EQ(samples_of(file_of(packed(8, {3, 7, 0, 3, 9, 8, 8, 0, 0, 0, 4, 5, 0, 1}))),
            (Samples{5, 5, 5, 5, 7, 7, 7, 9}));
  EXPECT_EQ(samples_of(file_of(packed(4, {3, 0x12, 0, 0, 0, 4, 0x34, 0x56, 0, 1}))),
            (Samples{3, 4, 5, 6, 1, 2, 1, 0}));
  // A jump leaves index 0, as does what is never drawn.
  EXPECT_EQ(samples_of(file_of(packed(8, {1, 7, 0, 2, 1, 1, 2, 9, 0, 1}))),
            (Samples{0, 0, 9, 9, 7, 0, 0, 0}));
  // Without the end mark, but whole.
  EXPECT_EQ(samples_of(file_of(packed(8, {4, 1, 0, 0, 4, 2, 0, 0}))),
            (Samples{2, 2, 2, 2, 1, 1, 1, 1}));
}

template <class Change>
Kind changed(Kind kind, Change change) {
  change(kind);
  return kind;
}

std::vector<std::pair<std::string, Kind>> broken_kinds() {
  const Kind good{.width = 2, .height = 2, .pixels = kFourPixels};
  const Kind gaps{
      .width = 1, .height = 1, .bits = 32, .compression = 3, .pixels = bytes_of({0, 0, 0, 0})};
  return {{"no width", changed(good, [](Kind& k) { k.width = 0; })},
          {"no height", changed(good, [](Kind& k) { k.height = 0; })},
          {"a negative width", changed(good, [](Kind& k) { k.width = -2; })},
          {"five bits", changed(good, [](Kind& k) { k.bits = 5; })},
          {"more rows", changed(good, [](Kind& k) { k.height = 3; })},
          {"no end", changed(good, [](Kind& k) { k.width = k.height = 0x7fffffff; })},
          {"RLE8 of 24 bits", changed(good, [](Kind& k) { k.compression = 1; })},
          {"a mask with gaps", with_masks(gaps, {0xff00ff, 0xff00, 0xff})},
          {"runs that end", packed(8, {3, 7})},
          {"a jump away", packed(8, {0, 2, 5, 0, 0, 1})},
          {"too many lines", packed(8, {0, 0, 0, 0, 0, 0, 1, 1, 0, 1})},
          {"a promise", changed(packed(8, {0, 1}), [](Kind& k) { k.width = k.height = 9'000; })}};
}

TEST(Bmp, BrokenOnesAreCorrupt) {
  const auto code_of = [](const Buffer& file) {
    const auto picture = decoded(file);
    return picture ? FaultCode::kCancelled : picture.error().code;
  };
  for (const auto& [name, kind] : broken_kinds()) {
    EXPECT_EQ(code_of(file_of(kind)), FaultCode::kCorruptImage) << name;
  }
  const Kind jpeg{.width = 2, .height = 2, .compression = 4, .pixels = kFourPixels};
  EXPECT_EQ(code_of(file_of(jpeg)), FaultCode::kUnsupportedFormat);
}

TEST(Bmp, EveryTruncationAndMutationEndsWell) {
  std::mt19937 random(11);
  std::vector<Buffer> seeds{file_of({.width = 2, .height = 2, .pixels = kFourPixels}),
                            file_of(packed(8, {3, 7, 0, 3, 9, 8, 8, 0, 0, 0, 4, 5, 0, 1})),
                            file_of(packed(4, {3, 0x12, 0, 0, 0, 4, 0x34, 0x56, 0, 1}))};
  for (const Buffer& seed : seeds) {
    for (std::size_t size = 0; size < seed.size(); ++size) {
      static_cast<void>(decoded(Buffer(seed.begin(), seed.begin() + static_cast<long>(size))));
    }
    for (int round = 0; round < 3'000; ++round) {
      Buffer mutated = seed;
      for (int i = 0; i < 3; ++i) mutated[random() % mutated.size()] = std::byte(random() & 0xff);
      const auto info = inspect_bmp(mutated);
      if (info && info->pixels < 1'000'000) static_cast<void>(decoded(mutated));
    }
  }
}

TEST(Bmp, GoesOutAsJpegOrAsPngWhenThereIsAlpha) {
  const auto jpeg = render(file_of({.width = 2, .height = 2, .pixels = kFourPixels}), {}, {});
  ASSERT_TRUE(jpeg) << jpeg.error().message;
  EXPECT_EQ(jpeg->format, PictureFormat::kJpeg);
  Kind alpha = with_masks({.width = 1,
                           .height = 1,
                           .bits = 32,
                           .compression = 3,
                           .header_bytes = 108,
                           .pixels = bytes_of({1, 2, 3, 128})},
                          {0xff0000, 0xff00, 0xff, 0xff000000});
  const auto png = render(file_of(alpha), {}, {});
  ASSERT_TRUE(png) << png.error().message;
  EXPECT_EQ(png->format, PictureFormat::kPng);
}

TEST(Bmp, ASentenceIsNone) {
  const std::string_view text = "BMW builds cars, and many of them at that.";
  EXPECT_FALSE(bmp_header_bytes(std::as_bytes(std::span(text.data(), text.size()))));
}

}  // namespace
}  // namespace imgmill::codec_worker
