#include <gmock/gmock.h>

#include "db/contract_suite.h"

namespace imgmill {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// The first two placements share image 0, the third has image 1.
void append_repeated(Db& db, BatchKey batch) {
  const std::vector<NewImage> images = {{"https://origin/0"}, {"https://origin/1"}};
  const std::vector<NewPlacement> placements = {{.row = 1, .position = 1, .image = 0},
                                                {.row = 1, .position = 2, .image = 0},
                                                {.row = 2, .position = 1, .image = 1}};
  EXPECT_TRUE(db.append_images(batch, images, placements));
}

TEST_P(DbContract, CountersCountPlacementsAndBytesCountImages) {
  const BatchKey batch = open("a");
  append_repeated(db(), batch);
  const NewPlacement more{.row = 3, .position = 1, .image = 0};
  ASSERT_TRUE(db().append_images(batch, {}, {&more, 1}));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  const Lease chunk = lease(10).at(0);
  EXPECT_EQ(finish({done(chunk, 0)}).applied, 1U);
  EXPECT_EQ(find("a").counts,
            (BatchCounts{.placements = 4, .processed = 3, .bytes_in = 1000, .bytes_out = 400}));
  EXPECT_EQ(finish({failed(chunk, 1)}).applied, 1U);
  EXPECT_EQ(find("a").counts,
            (BatchCounts{
                .placements = 4, .processed = 4, .failed = 1, .bytes_in = 1000, .bytes_out = 400}));
}

TEST_P(DbContract, TheLastOutcomeMakesTheBatchFinal) {
  seal("a", 3);
  const Lease chunk = lease(10).at(0);
  pass(seconds(1));
  EXPECT_THAT(finish({done(chunk, 0), failed(chunk, 1)}).final_batches, IsEmpty());
  EXPECT_EQ(find("a").state, BatchState::kSealed);
  EXPECT_EQ(find("a").updated_at, now());
  pass(seconds(1));
  EXPECT_THAT(finish({failed(chunk, 2)}).final_batches, ElementsAre("a"));
  EXPECT_EQ(find("a").state, BatchState::kCompleted);
  EXPECT_EQ(find("a").finished_at, now());
  EXPECT_THAT(lease(10), IsEmpty());
  pass(10 * kLease);
  EXPECT_THAT(lease(10), IsEmpty());
}

TEST_P(DbContract, ABatchOfWhichEveryImageFailedFails) {
  seal("a", 40);
  std::vector<std::uint32_t> all(40);
  for (std::uint32_t i = 0; i < 40; ++i) all[i] = i;
  work_off(all);
  EXPECT_EQ(find("a").state, BatchState::kFailed);
  EXPECT_EQ(find("a").counts, (BatchCounts{.placements = 40, .processed = 40, .failed = 40}));
}

TEST_P(DbContract, OneCallMayFinishSeveralBatches) {
  seal("a", 2);
  seal("b", 40);
  seal("c", 1);
  std::vector<Lease> leases = lease(100);
  leases.pop_back();  // of b
  const FinishReport report = finish(all_done(leases));
  EXPECT_THAT(report.final_batches, testing::UnorderedElementsAre("a", "c"));
  EXPECT_EQ(find("b").counts.processed, 32U);
}

TEST_P(DbContract, ALateFinishUnderAnOlderAttemptChangesNothing) {
  seal("a", 2);
  const Lease late = lease(10).at(0);
  pass(kLease);
  const Lease current = lease(10).at(0);
  const FinishReport report = finish({done(late, 0), again(late, 1, 1, now())});
  EXPECT_EQ(report.applied, 0U);
  EXPECT_EQ(report.fenced_off, 2U);
  EXPECT_EQ(find("a").counts, (BatchCounts{.placements = 2}));
  EXPECT_EQ(finish(all_done({current})).applied, 2U);
  EXPECT_EQ(finish({failed(late, 0)}).applied, 0U);
  EXPECT_EQ(find("a").counts.failed, 0U);
}

TEST_P(DbContract, ADoubleFinishCountsOnce) {
  seal("a", 3);
  const Lease chunk = lease(10).at(0);
  const FinishReport together = finish({done(chunk, 0), failed(chunk, 0)});
  EXPECT_EQ(together.applied, 1U);
  EXPECT_EQ(together.fenced_off, 1U);
  const FinishReport later = finish({failed(chunk, 0), again(chunk, 0, 1, now())});
  EXPECT_EQ(later.applied, 0U);
  EXPECT_EQ(find("a").counts.processed, 1U);
  EXPECT_EQ(find("a").counts.failed, 0U);
  EXPECT_EQ(finish({done(chunk, 1), done(chunk, 2)}).applied, 2U);
  EXPECT_EQ(finish({done(chunk, 2)}).fenced_off, 1U);
  EXPECT_EQ(find("a").counts.processed, 3U);
}

TEST_P(DbContract, AGivenBackLeaseIsLost) {
  seal("a", 1);
  const Lease chunk = lease(10, {}, "mine").at(0);
  ASSERT_TRUE(db().release_leases("mine"));
  EXPECT_EQ(finish({done(chunk, 0)}).fenced_off, 1U);
  EXPECT_EQ(find("a").counts.processed, 0U);
}

TEST_P(DbContract, ALeaseSpeaksForItsOwnImagesOnly) {
  seal("a", 64);
  seal("b", 1);
  const Lease chunk = lease(1).at(0);
  Lease unknown = chunk;
  unknown.id.batch = 77;
  const FinishReport report = finish({done(chunk, 32), done(chunk, 99), done(unknown, 0)});
  EXPECT_EQ(report.applied, 0U);
  EXPECT_EQ(report.fenced_off, 3U);
  EXPECT_EQ(find("a").counts.processed, 0U);
}

TEST_P(DbContract, AnImageBeyondTheLastIsNobodys) {
  seal("a", 2);
  EXPECT_EQ(finish({done(lease(1).at(0), 2)}).fenced_off, 1U);
}

TEST_P(DbContract, AChunkMayEndInEveryWay) {
  seal("a", 4);
  const Lease chunk = lease(10).at(0);
  EXPECT_EQ(
      finish({done(chunk, 0), failed(chunk, 1), again(chunk, 2, 1, now() + seconds(60))}).applied,
      3U);
  pass(kLease);
  // What was finished or waits is not leased again with its chunk.
  const Lease rest = lease(10).at(0);
  EXPECT_THAT(images_of({rest}), ElementsAre(3));
  EXPECT_EQ(finish({done(rest, 3)}).applied, 1U);
  EXPECT_EQ(find("a").state, BatchState::kSealed);
  pass(kLease);
  const Lease waited = lease(10).at(0);
  EXPECT_THAT(images_of({waited}), ElementsAre(2));
  EXPECT_THAT(finish({done(waited, 2)}).final_batches, ElementsAre("a"));
  EXPECT_EQ(
      find("a").counts,
      (BatchCounts{
          .placements = 4, .processed = 4, .failed = 1, .bytes_in = 3000, .bytes_out = 1200}));
}

TEST_P(DbContract, AnImageMovedToWaitingIsNoLongerItsChunks) {
  seal("a", 2);
  const Lease chunk = lease(10).at(0);
  const FinishReport report = finish({again(chunk, 0, 1, now()), done(chunk, 0)});
  EXPECT_EQ(report.applied, 1U);
  EXPECT_EQ(report.fenced_off, 1U);
  EXPECT_EQ(finish({failed(chunk, 0), again(chunk, 0, 7, now())}).fenced_off, 2U);
  EXPECT_EQ(find("a").counts.processed, 0U);
  EXPECT_EQ(lease(10).at(0).images.at(0).tries, 1U);
}

TEST_P(DbContract, AWaitingImageMayWaitAgainAndThenFail) {
  seal("a", 1);
  EXPECT_EQ(finish({again(lease(1).at(0), 0, 1, now())}).applied, 1U);
  const Lease second = lease(1).at(0);
  EXPECT_EQ(finish({again(second, 0, 2, now() + seconds(5))}).applied, 1U);
  EXPECT_EQ(finish({again(second, 0, 9, now())}).fenced_off, 1U);
  EXPECT_THAT(lease(1), IsEmpty());
  pass(seconds(5));
  const Lease third = lease(1).at(0);
  EXPECT_EQ(third.images.at(0).tries, 2U);
  EXPECT_EQ(third.id.attempt, 2U);
  EXPECT_THAT(finish({failed(third, 0)}).final_batches, ElementsAre("a"));
  EXPECT_EQ(finish({failed(third, 0)}).fenced_off, 1U);
  EXPECT_EQ(find("a").state, BatchState::kFailed);
}

TEST_P(DbContract, NoOutcomesAreNoWork) {
  const FinishReport report = finish({});
  EXPECT_EQ(report.applied, 0U);
  EXPECT_EQ(report.fenced_off, 0U);
}

}  // namespace
}  // namespace imgmill
