// Huffman tables, symbols, bits and stuffing: what goes in comes out, on every kind of processor.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "codec_worker/formats/every_processor.h"
#include "codec_worker/formats/jpeg_bit_writer.h"
#include "codec_worker/formats/jpeg_coded_data.h"
#include "codec_worker/formats/jpeg_huffman_encoder.h"
#include "codec_worker/formats/jpeg_stuffing.h"
#include "codec_worker/formats/jpeg_symbols.h"

namespace imgmill::codec_worker {
namespace {

using samples::on_every_processor;

using Block = std::array<JpegCoefficient, kJpegBlockSize>;

// Empty, sparse, full, with long runs of zeros and with the largest values.
std::vector<Block> blocks_by_lot(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Block> blocks(count);
  for (Block& block : blocks) {
    const auto density = random() % 5;
    const int range = random() % 4 == 0 ? 1'023 : 1 + static_cast<int>(random() % 12);
    for (auto& value : block) {
      const int magnitude = static_cast<int>(random() % static_cast<unsigned>(2 * range + 1));
      const bool zero = density == 0 || random() % (density * density) != 0;
      value = static_cast<JpegCoefficient>(zero ? 0 : magnitude - range);
    }
  }
  return blocks;
}

std::uint64_t mask_of(const Block& block) {
  std::uint64_t mask = 0;
  for (std::size_t k = 0; k < block.size(); ++k) {
    if (block[k] != 0) mask |= std::uint64_t{1} << k;
  }
  return mask;
}

struct Coded {
  JpegHuffmanCodes dc;
  JpegHuffmanCodes ac;
  std::uint64_t bits = 0;
  Buffer bytes;
};

Coded coded_of(const std::vector<Block>& blocks) {
  const std::array<JpegBlockPlace, 1> mcu{};
  std::vector<JpegSymbol> symbols(blocks.size() * kJpegSymbolsPerBlockMax);
  std::size_t count = 0;
  JpegPredictions predictions{};
  for (const Block& block : blocks) {
    const std::uint64_t mask = mask_of(block);
    count += code_jpeg_blocks(mcu, 1, block.data(), &mask, predictions, symbols.data() + count);
  }
  symbols.resize(count);
  JpegSymbolCounts counts;
  counts.add(symbols);
  const JpegCodeBook book(counts);
  Coded out{book.codes(jpeg_dc_table(false)), book.codes(jpeg_ac_table(false)), 0, {}};
  JpegBitWriter writer(book, out.bytes);
  writer.write(symbols);
  writer.finish();
  out.bits = book.coded_bits();
  return out;
}

TEST(JpegCoding, BlocksComeBack) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    const std::vector<Block> blocks = blocks_by_lot(1 + seed * 7, seed);
    const Coded coded = coded_of(blocks);
    JpegDcTable dc;
    JpegAcTable ac;
    ASSERT_TRUE(dc.build(coded.dc));
    ASSERT_TRUE(ac.build(coded.ac));
    JpegCodedData data(coded.bytes);
    const std::array<JpegBlockCoding, 1> coding{{{0, &dc, &ac}}};
    JpegPredictions predictions{};
    std::array<JpegCoefficient, kJpegBlockSize + kJpegScribble> out{};
    for (const Block& block : blocks) {
      static_cast<void>(data.holds(kJpegBlockBytesMax));
      decode_jpeg_mcus(data.bits(), coding, 1, predictions, out.data());
      ASSERT_TRUE(std::equal(block.begin(), block.end(), out.begin())) << seed;
    }
    EXPECT_FALSE(data.overrun());
  }
}

TEST(JpegCoding, CodedBitsAreToldBefore) {
  const Coded coded = coded_of(blocks_by_lot(300, 3));
  const auto stuffed = std::ranges::count(coded.bytes, std::byte{0xff});
  // The empty chroma tables have a code each that is never written.
  EXPECT_EQ((coded.bits + 7) / 8 + static_cast<std::uint64_t>(stuffed), coded.bytes.size());
}

std::uint64_t cost_of(const JpegHuffmanCodes& codes, const std::vector<std::uint32_t>& counts) {
  std::uint64_t cost = 0;
  std::size_t at = 0;
  for (std::uint64_t length = 1; length <= 16; ++length) {
    for (int i = 0; i < codes.counts[length - 1]; ++i) cost += length * counts[codes.symbols[at++]];
  }
  return cost;
}

// Kraft's sum with room for the code of all ones; no code longer than 16 bits; every symbol there.
TEST(JpegHuffmanEncoder, CodesAreSound) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::uint32_t> counts(256);
    JpegSymbolCounts all;
    const unsigned symbols = 1 + random() % 160;
    for (unsigned i = 0; i < symbols; ++i) {
      // Up to Fibonacci-like steepness, which makes trees deeper than 16.
      const auto count = static_cast<std::uint32_t>(1 + (random() % 3 == 0 ? i * i * i * i : i));
      counts[random() % 256] = seed % 3 == 0 ? 1U << std::min(i, 30U) : count;
    }
    for (std::size_t i = 0; i < 256; ++i) all.sets[0][256 + i] = counts[i];
    const JpegHuffmanCodes codes = best_jpeg_codes(all, 1);
    std::uint64_t kraft = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
      kraft += static_cast<std::uint64_t>(codes.counts[length - 1]) << (16 - length);
    }
    EXPECT_LT(kraft, 1U << 16);
    EXPECT_EQ(codes.symbol_count, std::ranges::count_if(counts, [](auto c) { return c > 0; }));
    JpegAcTable table;
    EXPECT_TRUE(table.build(codes));
  }
}

TEST(JpegHuffmanEncoder, SteepCountsGetTheShortestCodes) {
  JpegSymbolCounts all;
  std::vector<std::uint32_t> counts(256);
  counts[3] = 100;
  counts[7] = 50;
  counts[9] = 25;
  counts[11] = 25;
  for (std::size_t i = 0; i < 256; ++i) all.sets[1][i] = counts[i];
  // 1, 2, 3 and, because the last code of three bits would be all ones, 4.
  EXPECT_EQ(cost_of(best_jpeg_codes(all, 0), counts), 100 * 1 + 50 * 2 + 25 * 3 + 25 * 4);
}

TEST(JpegHuffmanEncoder, EmptyTablesHaveOneCode) {
  const JpegHuffmanCodes codes = best_jpeg_codes(JpegSymbolCounts(), 2);
  EXPECT_EQ(codes.symbol_count, 1);
  EXPECT_EQ(codes.counts[0], 1);
}

TEST(JpegHuffmanDecoder, NoPrefixCodeIsRefused) {
  JpegHuffmanCodes codes;
  codes.defined = true;
  codes.counts[0] = 3;
  codes.symbol_count = 3;
  EXPECT_FALSE(JpegDcTable().build(codes));
  EXPECT_FALSE(JpegDcTable().build(JpegHuffmanCodes()));
}

TEST(JpegStuffing, GoesInAndOut) {
  std::mt19937 random(5);
  on_every_processor([&] {
    for (std::size_t size = 0; size < 300; ++size) {
      std::vector<std::uint8_t> plain(size);
      for (auto& byte : plain) {
        byte = random() % 6 == 0 ? 0xff : static_cast<std::uint8_t>(random());
      }
      std::vector<std::uint8_t> stuffed(2 * size + kJpegStuffingSlack);
      stuffed.resize(stuff_jpeg(plain, stuffed.data()));
      EXPECT_EQ(stuffed.size(), size + static_cast<std::size_t>(std::ranges::count(plain, 0xff)));
      std::vector<std::uint8_t> back(size + kJpegStuffingSlack);
      const JpegUnstuffed done = unstuff_jpeg(stuffed, back.data(), size);
      back.resize(done.written);
      EXPECT_EQ(back, plain);
      EXPECT_EQ(done.read, stuffed.size());
      EXPECT_FALSE(done.marker);
    }
  });
}

TEST(JpegStuffing, StopsAtMarkersAndSkipsFillBytes) {
  const std::vector<std::uint8_t> source{1, 0xff, 0xff, 0x00, 2, 0xff, 0xff, 0xd9, 3};
  std::vector<std::uint8_t> out(source.size() + kJpegStuffingSlack);
  on_every_processor([&] {
    const JpegUnstuffed done = unstuff_jpeg(source, out.data(), source.size());
    EXPECT_TRUE(done.marker);
    EXPECT_EQ(done.read, 5U);
    ASSERT_EQ(done.written, 3U);
    EXPECT_EQ(out[1], 0xff);
    EXPECT_EQ(out[2], 2);
  });
}

Buffer coded_bytes(std::initializer_list<int> values) {
  Buffer out;
  for (const int value : values) append_u8(out, static_cast<std::uint32_t>(value));
  return out;
}

// What a restart leads to: the first byte behind it, or -1 when it is missing.
int byte_after_restarts(const Buffer& source, int restarts) {
  JpegCodedData data(source);
  for (int i = 0; i < restarts; ++i) {
    data.mark_starved();
    data.restart();
  }
  if (data.starved()) return -1;
  static_cast<void>(data.holds(1));
  data.bits().fill();
  return static_cast<int>(data.bits().take(8));
}

TEST(JpegCodedData, RestartsAreFoundAndMissedAsByLibjpeg) {
  EXPECT_EQ(byte_after_restarts(coded_bytes({1, 0xff, 0xd0, 2, 0xff, 0xd1, 3}), 1), 2);
  EXPECT_EQ(byte_after_restarts(coded_bytes({1, 0xff, 0xd0, 2, 0xff, 0xd1, 3}), 2), 3);
  // The one that is due is missing, the next one stands there: it is waited for.
  EXPECT_EQ(byte_after_restarts(coded_bytes({1, 0xff, 0xd1, 3}), 1), -1);
  EXPECT_EQ(byte_after_restarts(coded_bytes({1, 0xff, 0xd1, 3}), 2), 3);
  // One that was before is passed over, one far away is taken for it.
  EXPECT_EQ(byte_after_restarts(coded_bytes({1, 0xff, 0xd7, 2, 0xff, 0xd0, 4}), 1), 4);
  EXPECT_EQ(byte_after_restarts(coded_bytes({1, 0xff, 0xd4, 5}), 1), 5);
  // Nonsense is passed over, another segment is not.
  EXPECT_EQ(byte_after_restarts(coded_bytes({1, 0xff, 0x31, 2, 0xff, 0xd0, 6}), 1), 6);
  EXPECT_EQ(byte_after_restarts(coded_bytes({1, 0xff, 0xd9, 0xff, 0xd0, 6}), 1), -1);
  EXPECT_EQ(byte_after_restarts(coded_bytes({1}), 1), -1);
}

TEST(JpegCodedData, WindowsJoin) {
  Buffer source;
  for (std::uint32_t i = 0; i < 200'000; ++i) append_u8(source, i * 7 % 251);
  JpegCodedData data(source);
  JpegCodedData copy(data);
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    if (i == 100'000) {
      JpegCodedData later(data);
      later.bits().fill();
      EXPECT_EQ(later.bits().take(8), i * 7 % 251) << "a copy goes on from the same place";
    }
    static_cast<void>(data.holds(1));
    data.bits().fill();
    ASSERT_EQ(data.bits().take(8), i * 7 % 251) << i;
  }
  EXPECT_FALSE(data.overrun());
  data.bits().fill();
  EXPECT_EQ(data.bits().take(8), 0U);
  EXPECT_TRUE(data.overrun());
  EXPECT_FALSE(copy.overrun());
}

}  // namespace
}  // namespace imgmill::codec_worker
