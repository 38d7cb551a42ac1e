#include "batch/admission.h"

#include <fstream>
#include <numeric>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "db/fake/fake_db.h"
#include "objects/fake/fake_store.h"

namespace imgmill {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kHeader = "S. No.,Product Name,Input Image Urls\n";

class AdmissionTest : public testing::Test {
 protected:
  Result<std::string> admit(std::string_view rows) {
    const auto csv = std::filesystem::path(testing::TempDir()) /
                     fmt::format("admission_test.{}.csv", ::getpid());
    std::ofstream(csv, std::ios::trunc) << kHeader << rows;
    return admit_batch({.csv = csv, .rules = {}, .recipe = {.quality = 30}, .webhook_url = {}}, db,
                       objects, clock);
  }

  Batch batch(const std::string& id) { return **db.find_batch(id); }

  std::vector<Lease> lease_all() {
    return *db.lease_images("test", 100'000, {}, clock.now(), clock.now() + std::chrono::hours(1));
  }

  FakeDb db;
  FakeStore objects;
  ManualClock clock;
};

std::vector<std::string> urls_of(const std::vector<Lease>& leases) {
  std::vector<std::string> urls;
  for (const Lease& lease : leases) {
    for (const LeasedImage& image : lease.images) urls.push_back(image.url);
  }
  return urls;
}

TEST_F(AdmissionTest, SealsTheBatchAndStoresTheCsv) {
  const auto id = admit("1,Chair,https://a/1.jpg\n2,Table,\"https://a/2.jpg,https://a/3.jpg\"\n");
  ASSERT_TRUE(id) << id.error().text;
  EXPECT_EQ(batch(*id).counts.placements, 3U);
  EXPECT_EQ(batch(*id).recipe.quality, 30);
  EXPECT_TRUE(objects.is_durable(batch(*id).csv_key));
  EXPECT_THAT(urls_of(lease_all()),
              testing::ElementsAre("https://a/1.jpg", "https://a/2.jpg", "https://a/3.jpg"));
}

TEST_F(AdmissionTest, AUrlThatComesAgainIsOneImageWithSeveralPlacements) {
  const auto id = admit("1,Chair,https://a/1.jpg\n2,Table,\"https://a/2.jpg,https://a/1.jpg\"\n");
  EXPECT_EQ(batch(*id).counts.placements, 3U);
  EXPECT_THAT(urls_of(lease_all()), testing::ElementsAre("https://a/1.jpg", "https://a/2.jpg"));
}

TEST_F(AdmissionTest, InvalidRowsAreTakenOverAsFailed) {
  const auto id =
      admit("x,Chair,\"https://a/1.jpg,https://a/2.jpg\"\n2,Table,https://a/3.jpg\n3,,\n");
  ASSERT_TRUE(id) << id.error().text;
  EXPECT_EQ(batch(*id).counts.placements, 4U);
  EXPECT_EQ(batch(*id).counts.failed, 3U);
  EXPECT_EQ(batch(*id).state, BatchState::kSealed);
  EXPECT_THAT(urls_of(lease_all()), testing::ElementsAre("https://a/3.jpg"));
}

TEST_F(AdmissionTest, AnInvalidUrlThatIsTooLongIsKeptUpToItsLastWholeCharacter) {
  std::string word = "x";
  for (int i = 0; i < 2'000; ++i) word += "\xc3\xbc";
  const auto id = admit("1,Chair," + word + "\n");
  ASSERT_TRUE(id) << id.error().text;
  const auto failures = db.list_failures(batch(*id).key, 0, 10);
  ASSERT_THAT(*failures, SizeIs(1));
  EXPECT_EQ(failures->front().url, word.substr(0, 2'047));
}

TEST_F(AdmissionTest, OnlyInvalidRowsAreAFailedBatch) {
  const auto id = admit("x,Chair,https://a/1.jpg\n");
  EXPECT_EQ(batch(*id).state, BatchState::kFailed);
}

TEST_F(AdmissionTest, ManyBlocksKeepTheirOrder) {
  std::string rows;
  for (int i = 0; i < 9'001; ++i) rows += fmt::format("{},P{},https://a/{}.jpg\n", i, i, i);
  const auto id = admit(rows);
  ASSERT_TRUE(id);
  const auto outputs = db.list_outputs(batch(*id).key, 8'990, 100);
  ASSERT_THAT(*outputs, SizeIs(11));
  EXPECT_EQ(outputs->back().row, 9'001U);
  const std::vector<std::string> urls = urls_of(lease_all());
  ASSERT_THAT(urls, SizeIs(9'001));
  EXPECT_EQ(urls[4'500], "https://a/4500.jpg");
}

TEST_F(AdmissionTest, AFailureLeavesNothingBehind) {
  for (const char* verb : {"append_images", "seal_batch"}) {
    db.fail_next({ErrorCode::kNoSpace, "full", ""}, verb);
    const auto id = admit("1,Chair,https://a/1.jpg\n");
    ASSERT_FALSE(id) << verb;
    EXPECT_EQ(id.error().code, ErrorCode::kNoSpace);
    EXPECT_THAT(*db.find_receiving(clock.now() + std::chrono::hours(1)), IsEmpty()) << verb;
    EXPECT_THAT(objects.keys(), IsEmpty()) << verb;
  }
}

TEST_F(AdmissionTest, WhatAKilledProcessBeganIsDiscarded) {
  ASSERT_TRUE(db.open_batch({"550e8400-e29b-41d4-a716-446655440000", {}, {}, "uploads/x.csv"},
                            clock.now()));
  ASSERT_TRUE(objects.put("uploads/x.csv", {}));
  ASSERT_TRUE(discard_unsealed(db, objects, clock.now() + std::chrono::seconds(1)));
  EXPECT_THAT(objects.keys(), IsEmpty());
  EXPECT_THAT(*db.find_receiving(clock.now() + std::chrono::hours(1)), IsEmpty());
}

Result<SheetReport> check(std::string_view csv) {
  SheetCheck sheet({});
  TRY_VOID(sheet.feed(std::as_bytes(std::span(csv))));
  return sheet.finish();
}

TEST(SheetCheck, CountsRowsPlacementsAndFaults) {
  const auto report = check(std::string(kHeader) + "1,A,https://a/1.jpg\nx,,nonsense\n");
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report->rows, 2U);
  EXPECT_EQ(report->rows_invalid, 1U);
  EXPECT_EQ(report->faults_total, 3U);
  EXPECT_THAT(report->faults, SizeIs(3));
}

TEST(SheetCheck, ListsTheFirstHundredFaults) {
  std::string rows(kHeader);
  for (int i = 0; i < 150; ++i) rows += "x,A,https://a/1.jpg\n";
  const auto report = check(rows);
  EXPECT_EQ(report->faults_total, 150U);
  EXPECT_THAT(report->faults, SizeIs(100));
}

TEST(SheetCheck, AFileThatIsNoSheetIsRefused) {
  EXPECT_FALSE(check("a,b,c\n1,2,3\n"));
  EXPECT_FALSE(check(""));
}

}  // namespace
}  // namespace imgmill
