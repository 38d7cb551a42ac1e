#include "batch/results_csv.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "db/fake/fake_db.h"
#include "objects/fake/fake_store.h"

namespace imgmill {
namespace {

class ResultsCsvTest : public testing::Test {
 protected:
  // A sealed batch over `csv` whose placements stand at (row, position), all of different images.
  Batch batch_over(std::string_view csv, std::vector<std::pair<int, int>> places) {
    EXPECT_TRUE(objects.put("uploads/x.csv", std::as_bytes(std::span(csv))));
    const std::string id = "550e8400-e29b-41d4-a716-446655440000";
    const BatchKey key = *db.open_batch({id, {}, {}, "uploads/x.csv"}, clock.now());
    std::vector<NewImage> images;
    std::vector<NewPlacement> placements;
    for (const auto& [row, position] : places) {
      placements.push_back({.row = static_cast<std::uint32_t>(row),
                            .position = static_cast<std::uint32_t>(position),
                            .image = static_cast<std::uint32_t>(images.size()),
                            .serial_number = "",
                            .product_name = ""});
      images.push_back({.url = "https://a/x.jpg", .fault = {}});
    }
    EXPECT_TRUE(db.append_images(key, images, placements));
    EXPECT_TRUE(db.seal_batch(key, clock.now()));
    return **db.find_batch(id);
  }

  // Image n gets "p/n.jpg"; the failed ones get a fault.
  void finish(std::vector<std::uint32_t> failed) {
    const auto leases =
        db.lease_images("test", 100'000, {}, clock.now(), clock.now() + std::chrono::hours(1));
    std::vector<Outcome> outcomes;
    for (const Lease& lease : *leases) {
      for (const LeasedImage& image : lease.images) {
        Outcome outcome{.lease = lease.id, .image = image.image, .tries = 1};
        if (std::ranges::find(failed, image.image) != failed.end()) {
          outcome.fault = ImageFault{FaultCode::kTimeout, ""};
        } else {
          outcome.rendered = Rendered{.output_key = fmt::format("p/{}.jpg", image.image)};
        }
        outcomes.push_back(std::move(outcome));
      }
    }
    ASSERT_TRUE(db.finish_images(outcomes, clock.now()));
  }

  std::string read_all(const Batch& batch) {
    auto csv = ResultsCsv::open(batch, {}, "http://h/", db, objects);
    EXPECT_TRUE(csv);
    std::string all, block;
    do {
      EXPECT_TRUE((*csv)->next_block(block));
      all += block;
    } while (!block.empty());
    return all;
  }

  FakeDb db;
  FakeStore objects;
  ManualClock clock;
};

TEST_F(ResultsCsvTest, OutputsStandWhereTheirInputsStand) {
  const Batch batch = batch_over(
      "S. No.,Product Name,Input Image Urls\r\n"
      "1,\"A, big\",\"https://a/1.jpg,https://a/2.jpg,https://a/3.jpg\"\r\n"
      "2,B,https://a/4.jpg\r\n",
      {{1, 1}, {1, 2}, {1, 3}, {2, 1}});
  finish({1});
  EXPECT_EQ(read_all(batch),
            "S. No.,Product Name,Input Image Urls,Output Image Urls\r\n"
            "1,\"A, big\",\"https://a/1.jpg,https://a/2.jpg,https://a/3.jpg\","
            "\"http://h/p/0.jpg,,http://h/p/2.jpg\"\r\n"
            "2,B,https://a/4.jpg,http://h/p/3.jpg\r\n");
}

TEST_F(ResultsCsvTest, AListThatEndsWithACommaKeepsIt) {
  const Batch batch = batch_over(
      "S. No.,Product Name,Input Image Urls\n"
      "1,A,\"https://a/1.jpg, \"\n"
      "2,B,\"https://a/2.jpg,https://a/3.jpg,\"\n",
      {{1, 1}, {2, 1}, {2, 2}});
  finish({2});
  EXPECT_EQ(read_all(batch),
            "S. No.,Product Name,Input Image Urls,Output Image Urls\n"
            "1,A,\"https://a/1.jpg, \",\"http://h/p/0.jpg,\"\n"
            "2,B,\"https://a/2.jpg,https://a/3.jpg,\",\"http://h/p/1.jpg,,\"\n");
}

TEST_F(ResultsCsvTest, ManyPagesAndBlocksStayInStep) {
  std::string csv = "S. No.,Product Name,Input Image Urls\n";
  std::vector<std::pair<int, int>> places;
  for (int row = 1; row <= 5'000; ++row) {
    csv += fmt::format("{},P,https://a/x.jpg\n", row);
    places.emplace_back(row, 1);
  }
  const Batch batch = batch_over(csv, places);
  finish({});
  const std::string results = read_all(batch);
  EXPECT_NE(results.find("\n5000,P,https://a/x.jpg,http://h/p/4999.jpg\n"), std::string::npos);
  EXPECT_EQ(std::ranges::count(results, '\n'), 5'001);
}

TEST_F(ResultsCsvTest, ACsvThatIsGoneIsAFaultUnlessItsBatchIsGoneToo) {
  const Batch batch =
      batch_over("S. No.,Product Name,Input Image Urls\n1,A,https://a/1.jpg\n", {{1, 1}});
  ASSERT_TRUE(objects.remove("uploads/x.csv"));
  const auto lost = ResultsCsv::open(batch, {}, "", db, objects);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::kCorrupt);
  finish({});
  ASSERT_TRUE(db.begin_deletion(batch.key));
  const auto deleted = ResultsCsv::open(batch, {}, "", db, objects);
  ASSERT_FALSE(deleted);
  EXPECT_EQ(deleted.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace imgmill
