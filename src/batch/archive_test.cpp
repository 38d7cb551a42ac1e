#include "batch/archive.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/fake/fake_db.h"
#include "objects/fake/fake_store.h"

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A few gigabytes of the letter x under any key that has "large" in it, made when they are read.
class LargeObjects final : public ObjectStore {
 public:
  static constexpr std::uint64_t kSize = 200 << 20;

  class Reader final : public ObjectReader {
   public:
    std::uint64_t size() const override { return kSize; }
    Time modified_at() const override { return from_us(1'700'000'000'000'000); }
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
      const std::size_t count = std::min<std::uint64_t>(out.size(), kSize - offset);
      std::memset(out.data(), 'x', count);
      return count;
    }
  };

  Result<std::unique_ptr<ObjectReader>> open(std::string_view key) override {
    if (key.contains("large")) return std::make_unique<Reader>();
    return small_.open(key);
  }
  Result<void> put(std::string_view key, std::span<const std::byte> bytes) override {
    return small_.put(key, bytes);
  }
  Result<void> put_file(std::string_view key, const std::filesystem::path& file) override {
    return small_.put_file(key, file);
  }
  Result<void> make_durable(std::span<const std::string> keys) override {
    return small_.make_durable(keys);
  }
  Result<void> remove(std::string_view key) override { return small_.remove(key); }
  Result<void> check() override { return small_.check(); }

 private:
  FakeStore small_;
};

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  }
  return value;
}

struct Listed {  // an entry of the directory
  std::string name{};
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const Listed&) const = default;
};

// What the end of an archive says is in it; `end` holds the last of its `size` bytes.
std::vector<Listed> directory_of(std::string_view end, std::uint64_t size) {
  const std::uint64_t gone = size - end.size();
  const std::size_t last = end.size() - 22;
  EXPECT_EQ(number(end, last, 4), 0x06054b50U);
  std::uint64_t count = number(end, last + 10, 2);
  std::uint64_t offset = number(end, last + 16, 4);
  if (count == 0xffff || offset == 0xffffffff) {
    EXPECT_EQ(number(end, last - 20, 4), 0x07064b50U);
    const std::size_t large = number(end, last - 12, 8) - gone;
    EXPECT_EQ(number(end, large, 4), 0x06064b50U);
    count = number(end, large + 32, 8);
    offset = number(end, large + 48, 8);
  }
  std::vector<Listed> entries;
  std::size_t at = offset - gone;
  for (std::uint64_t i = 0; i < count; ++i) {
    EXPECT_EQ(number(end, at, 4), 0x02014b50U);
    Listed entry{.offset = number(end, at + 42, 4), .size = number(end, at + 24, 4)};
    const std::size_t name_size = number(end, at + 28, 2);
    const std::size_t extra_size = number(end, at + 30, 2);
    entry.name = end.substr(at + 46, name_size);
    if (entry.offset == 0xffffffff) entry.offset = number(end, at + 46 + name_size + 4, 8);
    entries.push_back(std::move(entry));
    at += 46 + name_size + extra_size;
  }
  return entries;
}

class ArchiveTest : public testing::Test {
 protected:
  struct Place {
    std::uint32_t row, position, image;
  };

  // A final batch: image i's rendition is stored under keys[i]; an empty key is one that failed.
  Batch add(std::span<const std::string> keys, std::span<const Place> places) {
    std::string csv = "S. No.,Product Name,Input Image Urls\n";
    std::vector<NewPlacement> placements;
    for (const Place& place : places) {
      placements.push_back({.row = place.row, .position = place.position, .image = place.image});
      const bool begins = place.position == 1;
      csv += begins ? fmt::format("{}{},P,\"http://a/{}.png", place.row > 1 ? "\"\n" : "",
                                  place.row, place.image)
                    : fmt::format(",http://a/{}.png", place.image);
    }
    csv += "\"\n";
    EXPECT_TRUE(objects.put("uploads/a.csv", std::as_bytes(std::span(csv))));
    const BatchKey key =
        *db.open_batch({.request_id = "a", .csv_key = "uploads/a.csv"}, clock.now());
    std::vector<std::string> urls;
    for (std::size_t i = 0; i < keys.size(); ++i) urls.push_back(fmt::format("http://a/{}.png", i));
    std::vector<NewImage> images;
    for (const std::string& url : urls) images.push_back({.url = url});
    EXPECT_TRUE(db.append_images(key, images, placements));
    EXPECT_TRUE(db.seal_batch(key, clock.now()));
    finish(keys);
    return **db.find_batch("a");
  }

  void finish(std::span<const std::string> keys) {
    const Time until = clock.now() + std::chrono::hours(1);
    std::vector<Outcome> outcomes;
    for (const Lease& lease : *db.lease_images("test", 100'000, {}, clock.now(), until)) {
      for (const LeasedImage& image : lease.images) {
        Outcome outcome{.lease = lease.id, .image = image.image, .tries = 1};
        const std::string& key = keys[image.image];
        if (key.empty()) {
          outcome.fault = ImageFault{FaultCode::kTimeout, "late"};
        } else {
          outcome.rendered = Rendered{.output_key = key};
        }
        outcomes.push_back(std::move(outcome));
      }
    }
    EXPECT_TRUE(db.finish_images(outcomes, clock.now()));
  }

  Result<std::unique_ptr<BatchArchive>> open(const Batch& batch) {
    return BatchArchive::open(batch, {"http://h/", testing::TempDir()}, db, objects);
  }

  Result<std::string> read_all(const Batch& batch) {
    TRY(const auto archive, open(batch));
    std::string all, block;
    do {
      TRY_VOID(archive->next_block(block));
      all += block;
    } while (!block.empty());
    return all;
  }

  void put(const std::string& key, std::string_view bytes) {
    ASSERT_TRUE(objects.put(key, std::as_bytes(std::span(bytes))));
  }

  FakeDb db;
  LargeObjects objects;
  ManualClock clock;
};

// Of an entry whose checksum stands in front.
std::string content_of(std::string_view archive, const Listed& entry) {
  EXPECT_EQ(number(archive, entry.offset, 4), 0x04034b50U);
  const std::size_t name_size = number(archive, entry.offset + 26, 2);
  const std::size_t extra_size = number(archive, entry.offset + 28, 2);
  EXPECT_EQ(archive.substr(entry.offset + 30, name_size), entry.name);
  return std::string(archive.substr(entry.offset + 30 + name_size + extra_size, entry.size));
}

TEST_F(ArchiveTest, EachPlaceThatSucceededAndTheResults) {
  put("p/one.jpg", "the first");
  put("p/two.webp", "the second");
  const std::vector<std::string> keys{"p/one.jpg", "p/two.webp", ""};
  const std::vector<Place> places{{1, 1, 0}, {1, 2, 2}, {2, 1, 1}, {2, 2, 0}};
  const std::string archive = read_all(add(keys, places)).value();
  const auto entries = directory_of(archive, archive.size());
  std::vector<std::string> names;
  for (const Listed& entry : entries) names.push_back(entry.name);
  ASSERT_THAT(names, ElementsAre("results.csv", "1-1-0.jpg", "2-1-1.webp", "2-2-0.jpg"));
  EXPECT_THAT(content_of(archive, entries[0]), HasSubstr("\"http://h/p/one.jpg,\"\n"));
  EXPECT_EQ(content_of(archive, entries[1]), "the first");
  EXPECT_EQ(content_of(archive, entries[2]), "the second");
  EXPECT_EQ(content_of(archive, entries[3]), "the first");
}

TEST_F(ArchiveTest, AnEmptyObjectIsAnEntry) {
  put("p/empty.jpg", "");
  const std::vector<std::string> keys{"p/empty.jpg"};
  const std::string archive = read_all(add(keys, std::vector<Place>{{1, 1, 0}})).value();
  EXPECT_EQ(directory_of(archive, archive.size()).at(1).size, 0U);
}

TEST_F(ArchiveTest, MoreEntriesThanTheOldFormHasNumbersFor) {
  put("p/one.jpg", "x");
  std::vector<Place> places;
  for (std::uint32_t row = 1; row <= 70'000; ++row) places.push_back({row, 1, 0});
  const std::vector<std::string> keys{"p/one.jpg"};
  const std::string archive = read_all(add(keys, places)).value();
  const auto entries = directory_of(archive, archive.size());
  ASSERT_EQ(entries.size(), 70'001U);
  for (std::size_t i = 1; i < entries.size(); ++i) {
    ASSERT_EQ(content_of(archive, entries[i]), "x");
  }
  EXPECT_EQ(entries.back().name, "70000-1-0.jpg");
}

TEST_F(ArchiveTest, LargerThanTheOldFormHasOffsetsFor) {
  put("p/one.jpg", "x");
  const std::vector<std::string> keys{"p/large.jpg", "p/one.jpg"};
  std::vector<Place> places;
  for (std::uint32_t row = 1; row <= 21; ++row) places.push_back({row, 1, 0});
  places.push_back({22, 1, 1});
  const auto archive = open(add(keys, places)).value();
  std::uint64_t size = 0;
  std::string end, block;
  std::vector<std::uint64_t> headers;  // where entries begin: no x is a P
  do {
    ASSERT_TRUE(archive->next_block(block));
    for (std::size_t at = block.find("PK\x03\x04"); at != block.npos;
         at = block.find("PK\x03\x04", at + 1)) {
      headers.push_back(size + at);
    }
    size += block.size();
    if (block.size() > 0) end = block;
  } while (!block.empty());
  EXPECT_GT(size, 21 * LargeObjects::kSize);
  const auto entries = directory_of(end, size);
  ASSERT_EQ(entries.size(), 23U);
  std::vector<std::uint64_t> offsets;
  for (const Listed& entry : entries) offsets.push_back(entry.offset);
  EXPECT_EQ(offsets, headers);
  EXPECT_EQ(entries[21].size, LargeObjects::kSize);
  EXPECT_GT(entries[22].offset, std::uint64_t{1} << 32);
}

TEST_F(ArchiveTest, WhatIsMissingEndsIt) {
  put("p/one.jpg", "x");
  const std::vector<std::string> keys{"p/one.jpg", "p/gone.jpg"};
  const Batch batch = add(keys, std::vector<Place>{{1, 1, 0}, {2, 1, 1}});
  EXPECT_EQ(read_all(batch).error().code, ErrorCode::kCorrupt);
}

TEST_F(ArchiveTest, ABatchThatChangesMeanwhileEndsIt) {
  const std::vector<std::string> keys{"p/large.jpg", ""};
  const Batch batch = add(keys, std::vector<Place>{{1, 1, 0}, {2, 1, 1}});
  const auto archive = open(batch).value();
  std::string block;
  ASSERT_TRUE(archive->next_block(block));
  ASSERT_TRUE(db.retry_batch(batch.key, clock.now()));
  Result<void> read;
  while (read && !block.empty()) read = archive->next_block(block);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace imgmill
