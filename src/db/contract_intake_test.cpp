#include <gmock/gmock.h>

#include "db/contract_suite.h"

namespace imgmill {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

const ImageFault kBadUrl{FaultCode::kInvalidUrl, "no host", 0};

TEST_P(DbContract, AReceivingBatchIsInvisible) {
  const BatchKey batch = open("a");
  append(batch, 0, 3);
  EXPECT_EQ(db().find_batch("a").value(), std::nullopt);
  EXPECT_THAT(lease(10), IsEmpty());
}

TEST_P(DbContract, ARecipeMayAskForLittle) {
  const Recipe plain{.quality = 1};
  const NewBatch batch{.request_id = "plain", .recipe = plain};
  ASSERT_TRUE(db().open_batch(batch, now()));
  pass(seconds(1));
  const std::vector<Batch> found = db().find_receiving(now()).value();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].recipe, plain);
}

TEST_P(DbContract, AQualityToBeChosenIsKeptAsThat) {
  const Recipe chosen{.quality = kQualityAuto};
  const BatchKey batch = db().open_batch({.request_id = "auto", .recipe = chosen}, now()).value();
  append(batch, 0, 1);
  ASSERT_TRUE(db().seal_batch(batch, now()));
  EXPECT_EQ(find("auto").recipe, chosen);
  const auto leases = lease(10);
  ASSERT_THAT(leases, SizeIs(1));
  EXPECT_EQ(leases[0].recipe, chosen);
}

TEST_P(DbContract, ASealedBatchShowsWhatCameIn) {
  const BatchKey batch = open("a", "https://shop/hook");
  append(batch, 0, 3);
  pass(seconds(2));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  const Batch found = find("a");
  EXPECT_EQ(found.key, batch);
  EXPECT_EQ(found.request_id, "a");
  EXPECT_EQ(found.state, BatchState::kSealed);
  EXPECT_EQ(found.recipe, kRecipe);
  EXPECT_EQ(found.csv_key, "uploads/a.csv");
  EXPECT_EQ(found.webhook_url, "https://shop/hook");
  EXPECT_EQ(found.webhook_state, WebhookState::kNotSent);
  EXPECT_EQ(found.counts, (BatchCounts{.placements = 3}));
  EXPECT_EQ(found.created_at, now() - seconds(2));
  EXPECT_EQ(found.updated_at, now());
  EXPECT_EQ(found.started_at, std::nullopt);
  EXPECT_EQ(found.finished_at, std::nullopt);
}

TEST_P(DbContract, UnknownAndMalformedIdsAreNotFound) {
  seal("a", 1);
  for (const std::string_view id : {"b", "", "a'; DROP TABLE batches", "A"}) {
    EXPECT_EQ(db().find_batch(id).value(), std::nullopt) << id;
  }
}

TEST_P(DbContract, TheSameRequestIdTwiceIsAConflict) {
  open("a");
  const Result<BatchKey> second = db().open_batch({.request_id = "a", .csv_key = "c"}, now());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

TEST_P(DbContract, WhatIsSealedTakesNothingMoreAndStays) {
  const BatchKey batch = seal("a", 1);
  const NewImage image{"https://origin/x", std::nullopt};
  EXPECT_EQ(db().append_images(batch, {&image, 1}, {}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(db().seal_batch(batch, now()).error().code, ErrorCode::kConflict);
  EXPECT_EQ(db().discard_batch(batch).error().code, ErrorCode::kConflict);
  EXPECT_THAT(lease(10), SizeIs(1));
}

TEST_P(DbContract, AnUnknownBatchIsNotFound) {
  EXPECT_EQ(db().append_images(99, {}, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(db().seal_batch(99, now()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(db().discard_batch(99).error().code, ErrorCode::kNotFound);
}

TEST_P(DbContract, APlacementOfAnImageThatIsNotThereIsRefusedWhole) {
  const BatchKey batch = open("a");
  const NewImage image{"https://origin/x", std::nullopt};
  const std::vector<NewPlacement> placements = {{.row = 1, .position = 1, .image = 0},
                                                {.row = 1, .position = 2, .image = 1}};
  EXPECT_EQ(db().append_images(batch, {&image, 1}, placements).error().code, ErrorCode::kInvalid);
  append(batch, 0, 1);
  ASSERT_TRUE(db().seal_batch(batch, now()));
  EXPECT_EQ(find("a").counts.placements, 1U);
}

TEST_P(DbContract, ADiscardedBatchLeavesNothingAndItsIdIsFree) {
  const BatchKey batch = open("a");
  append(batch, 0, 100);
  const NewImage bad{"x", kBadUrl};
  ASSERT_TRUE(db().append_images(batch, {&bad, 1}, {}));
  ASSERT_TRUE(db().discard_batch(batch));
  EXPECT_EQ(db().discard_batch(batch).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(db().list_outputs(batch, 0, 10).value(), IsEmpty());
  EXPECT_NE(seal("a", 2), batch);
  EXPECT_THAT(images_of(lease(100)), SizeIs(2));
}

TEST_P(DbContract, BatchesStillReceivingAreFoundByAge) {
  const BatchKey old = open("old", "https://shop/hook");
  seal("sealed", 1);
  pass(seconds(1));
  open("young");
  const std::vector<Batch> found = db().find_receiving(now()).value();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].key, old);
  EXPECT_EQ(found[0].state, BatchState::kReceiving);
  EXPECT_EQ(found[0].csv_key, "uploads/old.csv");
}

TEST_P(DbContract, AnEmptyBatchFailsWhenSealed) {
  const BatchKey batch = open("a", "https://shop/hook");
  ASSERT_TRUE(db().seal_batch(batch, now()));
  EXPECT_EQ(find("a").state, BatchState::kFailed);
  EXPECT_EQ(find("a").finished_at, now());
  EXPECT_THAT(lease(10), IsEmpty());
  EXPECT_THAT(db().lease_deliveries("one", 10, now(), now() + kLease).value(), SizeIs(1));
}

TEST_P(DbContract, ABatchInvalidFromTheStartFailsWhenSealed) {
  const BatchKey batch = open("a", "https://shop/hook");
  const std::vector<NewImage> images = {{"x", kBadUrl}, {"y", kBadUrl}};
  const std::vector<NewPlacement> placements = {{.row = 1, .position = 1, .image = 0},
                                                {.row = 2, .position = 1, .image = 1},
                                                {.row = 3, .position = 1, .image = 0}};
  ASSERT_TRUE(db().append_images(batch, images, placements));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  const Batch found = find("a");
  EXPECT_EQ(found.state, BatchState::kFailed);
  EXPECT_EQ(found.counts, (BatchCounts{.placements = 3, .processed = 3, .failed = 3}));
  EXPECT_EQ(found.started_at, std::nullopt);
  const auto deliveries = db().lease_deliveries("one", 10, now(), now() + kLease).value();
  ASSERT_THAT(deliveries, SizeIs(1));
  EXPECT_EQ(deliveries[0].state, BatchState::kFailed);
  EXPECT_EQ(deliveries[0].failed_images, 3U);
}

TEST_P(DbContract, WhatWasInvalidIsCountedWhereverItStandsAndNeverLeased) {
  const BatchKey batch = open("a");
  const std::vector<NewImage> images = {{"https://origin/0", std::nullopt}, {"x", kBadUrl}};
  const std::vector<NewPlacement> first = {{.row = 1, .position = 1, .image = 0},
                                           {.row = 1, .position = 2, .image = 1}};
  const std::vector<NewPlacement> second = {{.row = 2, .position = 1, .image = 1},
                                            {.row = 2, .position = 2, .image = 0},
                                            {.row = 3, .position = 1, .image = 1}};
  ASSERT_TRUE(db().append_images(batch, images, first));
  ASSERT_TRUE(db().append_images(batch, {}, second));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  EXPECT_EQ(find("a").counts, (BatchCounts{.placements = 5, .processed = 3, .failed = 3}));
  EXPECT_THAT(images_of(lease(10)), testing::ElementsAre(0));
}

TEST_P(DbContract, ChunksKeepTogetherHoweverTheImagesCame) {
  const BatchKey batch = open("a");
  for (std::uint32_t first = 0; first < 70; first += 7) append(batch, first, 7);
  ASSERT_TRUE(db().seal_batch(batch, now()));
  const std::vector<Lease> leases = lease(1000);
  ASSERT_THAT(leases, SizeIs(3));
  EXPECT_THAT(leases[0].images, SizeIs(limits::kChunkImages));
  EXPECT_THAT(leases[2].images, SizeIs(70 - 2 * limits::kChunkImages));
  EXPECT_EQ(leases[1].images[0].url, url_of(limits::kChunkImages));
}

TEST_P(DbContract, OutputsAreListedInCsvOrderWithRepeatsAndFailures) {
  const BatchKey batch = open("a");
  append(batch, 0, 40);
  const std::vector<NewPlacement> repeats = {{.row = 41, .position = 1, .image = 3},
                                             {.row = 41, .position = 2, .image = 7}};
  ASSERT_TRUE(db().append_images(batch, {}, repeats));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  work_off({7});
  EXPECT_EQ(find("a").state, BatchState::kCompleted);
  EXPECT_EQ(find("a").counts, (BatchCounts{.placements = 42,
                                           .processed = 42,
                                           .failed = 2,
                                           .bytes_in = 39'000,
                                           .bytes_out = 39 * 400}));
  std::vector<PlacementOutput> all;
  for (;;) {
    const auto page = db().list_outputs(batch, all.size(), 16).value();
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < 16) break;
  }
  ASSERT_THAT(all, SizeIs(42));
  for (std::uint32_t i = 0; i < 40; ++i) {
    EXPECT_EQ(all[i].row, i + 1);
    EXPECT_EQ(all[i].position, 1U);
    EXPECT_EQ(all[i].output_key, i == 7 ? "" : key_of(i));
  }
  EXPECT_EQ(all[40].output_key, key_of(3));
  EXPECT_EQ(all[41].position, 2U);
  EXPECT_EQ(all[41].output_key, "");
  EXPECT_THAT(db().list_outputs(batch, 42, 16).value(), IsEmpty());
}

TEST_P(DbContract, FailuresAreListedWithTheirReasonsAtEveryPlace) {
  const BatchKey batch = open("a");
  const NewImage invalid{"nonsense", ImageFault{FaultCode::kInvalidUrl, "no scheme"}};
  const NewPlacement first{.row = 1, .position = 1, .image = 0};
  ASSERT_TRUE(db().append_images(batch, {&invalid, 1}, {&first, 1}));
  append(batch, 1, 9);
  const NewPlacement repeat{.row = 11, .position = 1, .image = 7};
  ASSERT_TRUE(db().append_images(batch, {}, {&repeat, 1}));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  work_off({7});
  const auto failures = db().list_failures(batch, 0, 10).value();
  ASSERT_THAT(failures, SizeIs(3));
  EXPECT_EQ(failures[0].url, "nonsense");
  EXPECT_EQ(failures[0].fault, *invalid.fault);
  EXPECT_EQ(failures[1].url, url_of(7));
  EXPECT_EQ(failures[2].row, 11U);
  EXPECT_THAT(db().list_failures(batch, failures[0].placement + 1, 1).value(), SizeIs(1));
}

TEST_P(DbContract, TextsComeBackAsTheyWere) {
  const std::string url = "https://h/\xc3\xbc'\"%25;--,x";
  const BatchKey batch = open("a");
  const NewImage image{url, std::nullopt};
  const NewPlacement placement{.row = 1, .position = 1, .image = 0};  // empty texts
  ASSERT_TRUE(db().append_images(batch, {&image, 1}, {&placement, 1}));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  EXPECT_EQ(lease(1).at(0).images.at(0).url, url);
}

TEST_P(DbContract, ItIsReady) { EXPECT_TRUE(db().check()); }

}  // namespace
}  // namespace imgmill
