// JPEGs that are cut off or damaged: what is there is delivered, as libjpeg would show it.
#include <random>

#include <gtest/gtest.h>

#include "codec_worker/formats/jpeg.h"
#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_samples.h"
#include "codec_worker/formats/jpeg_source.h"
#include "codec_worker/formats/sample_pictures.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;

// Where the coded data of the first scan begin.
std::size_t first_scan_at(Bytes source) {
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker == kJpegSos) {
      return static_cast<std::size_t>(segment->payload.data() + segment->payload.size() -
                                      source.data());
    }
  }
  return source.size();
}

bool ends_in_segment(Bytes source) {
  JpegSegments segments(source);
  while (segments.next()) {
  }
  return segments.broken();
}

Buffer first_bytes(const Buffer& source, std::size_t count) {
  return Buffer(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(count));
}

// The coefficients of a component as the requantiser decodes them, by rows.
using Planes = std::vector<std::vector<std::int16_t>>;

void take_mcu(const JpegFrame& frame, int mcu, const JpegCoefficient* blocks, Planes& planes) {
  const int mcu_x = mcu % frame.mcus_across();
  const int mcu_y = mcu / frame.mcus_across();
  for (int i = 0; i < frame.component_count; ++i) {
    const auto& component = frame.components[static_cast<std::size_t>(i)];
    for (int block = 0; block < component.h * component.v; ++block, blocks += kJpegBlockSize) {
      const int x = mcu_x * component.h + block % component.h;
      const int y = mcu_y * component.v + block / component.h;
      if (x >= frame.blocks_across(i) || y >= frame.blocks_down(i)) continue;
      const auto at = static_cast<std::size_t>(y * frame.blocks_across(i) + x) * kJpegBlockSize;
      for (std::size_t k = 0; k < kJpegBlockSize; ++k) {
        planes[static_cast<std::size_t>(i)][at + kJpegZigzag[k]] = blocks[k];
      }
    }
  }
}

Planes decoded(JpegSource& source) {
  const JpegFrame& frame = source.frame();
  Planes planes;
  for (int i = 0; i < frame.component_count; ++i) {
    planes.emplace_back(
        static_cast<std::size_t>(frame.blocks_across(i) * frame.blocks_down(i) * kJpegBlockSize));
  }
  const auto mcus = source.mcus();
  JpegMcuRoom room;
  for (int mcu = 0; mcus->next(1, room.blocks.data()) > 0; ++mcu) {
    take_mcu(frame, mcu, room.blocks.data(), planes);
  }
  return planes;
}

// Compares where both decode; returns whether they did.
bool expect_like_libjpeg(const Buffer& source) {
  const auto theirs = read_data(source);
  const auto ours = JpegSource::open(source);
  if (!theirs || ours == nullptr) return false;
  const auto loaded = ours->load();
  if (!loaded || !*loaded) return false;
  const Planes planes = decoded(*ours);
  EXPECT_EQ(planes.size(), theirs->components.size());
  for (std::size_t i = 0; i < planes.size(); ++i) {
    const auto [mine, yours] = std::ranges::mismatch(planes[i], theirs->components[i].values);
    if (mine == planes[i].end()) continue;
    ADD_FAILURE() << "component " << i << " block " << (mine - planes[i].begin()) / 64 << " place "
                  << (mine - planes[i].begin()) % 64 << ": " << *mine << " instead of " << *yours;
  }
  return true;
}

TEST(JpegDamage, CutAnywhereLooksAsLibjpegShowsIt) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    const JpegKind kind = random_kind(seed);
    const Buffer whole = coded(kind);
    const std::size_t from = first_scan_at(whole);
    for (std::size_t size = from + 1; size < whole.size(); size += 1 + seed % 7 * 11) {
      SCOPED_TRACE(testing::Message() << testing::PrintToString(kind) << " cut at " << size);
      const Buffer cut = first_bytes(whole, size);
      // Within a segment libjpeg makes the rest of it up.
      if (!ends_in_segment(cut)) expect_like_libjpeg(cut);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// Where coded data stand, restart markers included.
std::vector<std::size_t> coded_places(Bytes source) {
  std::vector<std::size_t> places;
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker != kJpegSos) continue;
    const std::byte* end = segment->whole.data() + segment->whole.size();
    for (const std::byte* at = segment->payload.data() + segment->payload.size(); at < end; ++at) {
      places.push_back(static_cast<std::size_t>(at - source.data()));
    }
  }
  return places;
}

// Bits are turned and bytes replaced in the coded data, markers among them.
TEST(JpegDamage, DamagedDataLookAsLibjpegShowsThem) {
  int compared = 0;
  for (unsigned seed = 0; seed < 1'500; ++seed) {
    const JpegKind kind = random_kind(seed);
    Buffer source = coded(kind);
    const std::vector<std::size_t> places = coded_places(source);
    std::mt19937 random(seed);
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      auto& byte = source[places[random() % places.size()]];
      const auto bit = static_cast<std::byte>(1U << random() % 8);
      byte = random() % 3 == 0 ? std::byte{0xff} : byte ^ bit;
    }
    SCOPED_TRACE(testing::PrintToString(kind));
    compared += expect_like_libjpeg(source) ? 1 : 0;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(compared, 500);
}

// At every single byte, in a block of its exact size: a fault or a picture that can be read.
TEST(JpegDamage, EveryCutEndsWell) {
  for (unsigned seed = 0; seed < 6; ++seed) {
    JpegKind kind = random_kind(seed);
    kind.width = std::min(kind.width, 17);
    kind.height = std::min(kind.height, 17);
    const Buffer whole = coded(kind);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto made = compress_jpeg(first_bytes(whole, size), 50);
      if (!made) {
        EXPECT_EQ(made.error().code, FaultCode::kCorruptImage);
      } else if (!made->bytes.empty()) {
        const auto data = read_data(made->bytes);
        ASSERT_TRUE(data) << testing::PrintToString(kind) << " cut at " << size;
        EXPECT_EQ(data->warnings, 0);
      }
    }
  }
}

TEST(JpegDamage, WhatIsThereIsDelivered) {
  for (const JpegScans scans :
       {JpegScans::kOne, JpegScans::kPerComponent, JpegScans::kProgressive}) {
    for (const bool arithmetic : {false, true}) {
      const Buffer whole =
          coded({.width = 200, .height = 150, .scans = scans, .arithmetic = arithmetic});
      const std::size_t from = first_scan_at(whole);
      const Buffer cut = first_bytes(whole, whole.size() * 7 / 10);
      const auto made = compress_jpeg(cut, 50);
      ASSERT_TRUE(made);
      EXPECT_TRUE(decode(made->bytes));
      const auto none = compress_jpeg(first_bytes(whole, from), 50);
      ASSERT_FALSE(none);
      EXPECT_EQ(none.error().code, FaultCode::kCorruptImage);
    }
  }
}

// What is kept of a source that is cut off has an end, and is not larger.
TEST(JpegDamage, WhatIsKeptOfACutFileHasAnEnd) {
  const Buffer whole =
      encode(picture(40, 30, 3), ".jpg[Q=5]", {.orientation = 6, .private_data = true});
  const std::size_t from = first_scan_at(whole);
  int kept = 0;
  for (std::size_t size = from; size < whole.size(); ++size) {
    const auto stripped = strip_jpeg(first_bytes(whole, size));
    if (!stripped) continue;
    ++kept;
    EXPECT_LE(stripped->size(), size);
    EXPECT_TRUE(text_of(*stripped).ends_with("\xff\xd9"));
  }
  EXPECT_GT(kept, 0);
  const auto bare = strip_jpeg(whole);
  ASSERT_TRUE(bare);
  EXPECT_FALSE(strip_jpeg(first_bytes(*bare, bare->size() - 10)));
}

// Everything before the cut is as in the whole picture.
TEST(JpegDamage, WhatStandsBeforeTheCutIsWhole) {
  const Buffer source = encode(picture(320, 240, 3), ".jpg[Q=95]");
  const auto whole = decode(compress_jpeg(source, 60)->bytes);
  const auto cut = decode(compress_jpeg(first_bytes(source, source.size() / 2), 60)->bytes);
  ASSERT_TRUE(whole && cut);
  const auto rows = static_cast<std::ptrdiff_t>(320 * 3 * 80);
  EXPECT_TRUE(std::equal(whole->raster.samples.begin(), whole->raster.samples.begin() + rows,
                         cut->raster.samples.begin()));
}

TEST(JpegDamage, ThousandsOfScansAreRefused) {
  const Buffer once = coded({.width = 16, .height = 16, .scans = JpegScans::kProgressive});
  const std::size_t from = text_of(once).find("\xff\xda");
  Buffer source = first_bytes(once, from);
  const Bytes scans = Bytes(once).subspan(from, once.size() - from - 2);
  for (int i = 0; i < kJpegScansMax; ++i) append(source, scans);
  const auto made = compress_jpeg(source, 50);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, FaultCode::kCorruptImage);
}

// The same coded data under a header that claims `side` pixels across and down.
Buffer claiming(Buffer source, int side) {
  const std::string text = text_of(source);
  std::size_t frame = std::string::npos;
  for (const char marker : {'\xc0', '\xc2', '\xc9', '\xca'}) {
    frame = std::min(frame, text.find(std::string{'\xff', marker, '\0', '\x11'}));
  }
  for (const std::size_t at : {frame + 5, frame + 7}) {
    source[at] = static_cast<std::byte>(side >> 8);
    source[at + 1] = static_cast<std::byte>(side & 0xff);
  }
  return source;
}

// 100 megapixels in two kilobytes cannot become smaller: the first data are looked at, no more.
TEST(JpegDamage, ClaimsThatNoFileCanHoldAreNotDecoded) {
  constexpr int kSide = 10'000;
  const Buffer single = claiming(coded({.width = 64, .height = 64}), kSide);
  const auto one = JpegSource::open(single);
  ASSERT_TRUE(one);
  ASSERT_TRUE(one->skim());
  EXPECT_TRUE(one->found_data());
  JpegMcuRoom room;
  const auto rest = one->mcus();
  int left = 0;
  int mcus = 0;
  do {
    mcus = rest->next(kJpegMcusAtOnce, room.blocks.data());
    left += mcus;
  } while (mcus > 0);
  EXPECT_EQ(left, 625 * 625 - 1);

  const Buffer several =
      claiming(coded({.width = 64, .height = 64, .scans = JpegScans::kProgressive}), kSide);
  const auto scans = JpegSource::open(several);
  ASSERT_TRUE(scans);
  ASSERT_TRUE(scans->skim());
  EXPECT_TRUE(scans->found_data());
  EXPECT_EQ(scans->scans_decoded(), 1);
  for (const Buffer& source : {single, several}) {
    const auto made = requantise_jpeg(source, {});
    ASSERT_TRUE(made && made->has_value());
    EXPECT_TRUE((*made)->empty());
  }
}

// 4.3 gigapixels would take minutes, were they decoded.
TEST(JpegDamage, TheLargestClaimIsNotDecoded) {
  for (const bool arithmetic : {false, true}) {
    const auto made = compress_jpeg(claiming(coded({.arithmetic = arithmetic}), 65'500), 50);
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->bytes.empty());
  }
}

// What libjpeg would make of it is larger than the source.
TEST(JpegDamage, ArithmeticClaimsInScansAreNotDecoded) {
  const Buffer source =
      claiming(coded({.scans = JpegScans::kProgressive, .arithmetic = true}), 11'000);
  const auto made = compress_jpeg(source, 50);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->bytes.empty());
}

// Of a claim without any data nothing is delivered, as of every other.
TEST(JpegDamage, ClaimsWithoutDataAreCorrupt) {
  for (const JpegScans scans : {JpegScans::kOne, JpegScans::kProgressive}) {
    const Buffer whole = coded({.width = 64, .height = 64, .scans = scans});
    const Buffer none = claiming(first_bytes(whole, first_scan_at(whole)), 10'000);
    const auto made = compress_jpeg(none, 50);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, FaultCode::kCorruptImage);
  }
}

// A frame of 400 megapixels in scans would take more than a gigabyte to put together.
TEST(JpegDamage, ProgressiveGiantsAreRefusedByTheirHeader) {
  const Buffer source = claiming(coded({.scans = JpegScans::kProgressive}), 20'000);
  const auto made = compress_jpeg(source, 50);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, FaultCode::kTooManyPixels);
}

}  // namespace
}  // namespace imgmill::codec_worker
