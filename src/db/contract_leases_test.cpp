#include <algorithm>

#include <gmock/gmock.h>

#include "db/contract_suite.h"

namespace imgmill {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(DbContract, ALeaseTellsAllThatWorkNeeds) {
  const BatchKey batch = seal("a", 2);
  pass(seconds(1));
  const std::vector<Lease> leases = lease(10);
  ASSERT_THAT(leases, SizeIs(1));
  EXPECT_EQ(leases[0].id, (LeaseId{.batch = batch, .first_image = 0, .attempt = 1}));
  EXPECT_EQ(leases[0].request_id, "a");
  EXPECT_EQ(leases[0].recipe, kRecipe);
  ASSERT_THAT(leases[0].images, SizeIs(2));
  EXPECT_EQ(leases[0].images[1].image, 1U);
  EXPECT_EQ(leases[0].images[1].tries, 0U);
  EXPECT_EQ(leases[0].images[1].url, url_of(1));
  EXPECT_EQ(find("a").state, BatchState::kSealed);
  EXPECT_EQ(find("a").started_at, now());
  EXPECT_EQ(find("a").updated_at, now());
}

TEST_P(DbContract, LeasesAreWholeChunksUpToAChunkMoreThanAskedFor) {
  seal("a", 100);
  EXPECT_THAT(lease(0), IsEmpty());
  EXPECT_THAT(images_of(lease(1)), SizeIs(limits::kChunkImages));
  EXPECT_THAT(images_of(lease(33)), SizeIs(2 * limits::kChunkImages));
  EXPECT_THAT(images_of(lease(33)), SizeIs(100 - 3 * limits::kChunkImages));
  EXPECT_THAT(lease(33), IsEmpty());
}

TEST_P(DbContract, TheQueueIsWhatNobodyHolds) {
  EXPECT_EQ(db().queue_state(now())->images, 0U);
  EXPECT_FALSE(db().queue_state(now())->waiting_since);
  const Time first_came = now();
  seal("a", 100);
  pass(seconds(5));
  const Time second_came = now();
  const BatchKey second = seal("b", 10);
  pass(seconds(5));
  EXPECT_EQ(db().queue_state(now())->images, 110U);
  EXPECT_EQ(db().queue_state(now())->waiting_since, first_came);
  const std::vector<Lease> leases = lease(100, {second});
  EXPECT_EQ(db().queue_state(now())->images, 10U);
  EXPECT_EQ(db().queue_state(now())->waiting_since, second_came);
  // What waits for its next try is in the queue, and due later.
  apply({done(leases[0], 0), again(leases[0], 1, 1, now() + seconds(10))});
  EXPECT_EQ(db().queue_state(now())->images, 11U);
  EXPECT_EQ(db().queue_state(now())->waiting_since, second_came);
  pass(seconds(10));
  EXPECT_EQ(db().queue_state(now())->waiting_since, first_came);
  pass(kLease);  // all leases have run out
  EXPECT_EQ(db().queue_state(now())->images, 109U);
}

TEST_P(DbContract, TheQueueForgetsWhatWasCancelled) {
  const BatchKey batch = seal("a", 70);
  const auto leases = lease(1);
  ASSERT_TRUE(db().cancel_batch(batch, now()));
  EXPECT_EQ(db().queue_state(now())->images, 0U);
  EXPECT_FALSE(db().queue_state(now())->waiting_since);
}

TEST_P(DbContract, ARetryWaitsSinceItWasAskedFor) {
  const BatchKey batch = seal("a", 3);
  work_off({1});
  EXPECT_EQ(db().queue_state(now())->images, 0U);
  pass(seconds(100));
  ASSERT_TRUE(db().retry_batch(batch, now()));
  EXPECT_EQ(db().queue_state(now())->images, 1U);
  EXPECT_EQ(db().queue_state(now())->waiting_since, now());
}

TEST_P(DbContract, EveryImageIsLeasedOnce) {
  seal("a", 150);
  seal("b", 70);
  std::vector<std::uint32_t> images;
  for (auto leases = lease(40); !leases.empty(); leases = lease(40)) {
    const auto more = images_of(leases);
    images.insert(images.end(), more.begin(), more.end());
  }
  EXPECT_THAT(images, SizeIs(220));
  std::ranges::sort(images);
  for (std::uint32_t i = 0; i < 70; ++i) EXPECT_EQ(images[2 * i], images[2 * i + 1]);
}

TEST_P(DbContract, TenImagesBehindTwentyThousandAreLeasedSoon) {
  const BatchKey large = seal("large", 20'000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(lease(1).at(0).id.batch, large);
  const BatchKey small = seal("small", 10);
  std::vector<BatchKey> turns;
  for (int i = 0; i < 3; ++i) turns.push_back(lease(1).at(0).id.batch);
  EXPECT_EQ(std::ranges::count(turns, small), 1);
}

TEST_P(DbContract, BatchesTakeTurnsWithinOneCall) {
  const BatchKey a = seal("a", 96);
  const BatchKey b = seal("b", 96);
  const BatchKey c = seal("c", 32);
  std::vector<BatchKey> turns;
  for (const Lease& one : lease(6 * limits::kChunkImages)) turns.push_back(one.id.batch);
  EXPECT_THAT(turns, ElementsAre(a, b, c, a, b, a));
}

TEST_P(DbContract, SkippedBatchesGetNoTurnAndLoseNothing) {
  const BatchKey a = seal("a", 5);
  const BatchKey b = seal("b", 5);
  for (const Lease& one : lease(100, {a})) EXPECT_EQ(one.id.batch, b);
  EXPECT_THAT(lease(100, {a}), IsEmpty());
  EXPECT_THAT(images_of(lease(100)), SizeIs(5));
}

TEST_P(DbContract, AnExpiredLeaseIsTakenWithTheNextAttempt) {
  seal("a", 3);
  const Lease first = lease(10).at(0);
  pass(kLease - Micros(1));
  EXPECT_THAT(lease(10), IsEmpty());
  pass(Micros(1));
  const Lease second = lease(10).at(0);
  EXPECT_EQ(second.id.first_image, first.id.first_image);
  EXPECT_EQ(second.id.attempt, first.id.attempt + 1);
  EXPECT_THAT(second.images, SizeIs(3));
  EXPECT_EQ(second.images[0].tries, 0U);
}

TEST_P(DbContract, AnExpiredLeaseThatNobodyTookIsStillGood) {
  seal("a", 3);
  const std::vector<Lease> leases = lease(10);
  pass(2 * kLease);
  EXPECT_EQ(finish(all_done(leases)).applied, 3U);
  EXPECT_EQ(find("a").state, BatchState::kCompleted);
}

TEST_P(DbContract, AnExtendedLeaseIsNotTaken) {
  seal("a", 3);
  const Lease held = lease(10).at(0);
  pass(seconds(10));
  ASSERT_TRUE(db().extend_leases({{held.id}}, now() + kLease));
  pass(kLease - Micros(1));
  EXPECT_THAT(lease(10), IsEmpty());
  pass(Micros(1));
  EXPECT_THAT(lease(10), SizeIs(1));
}

TEST_P(DbContract, ALostLeaseIsNotExtended) {
  seal("a", 3);
  const Lease lost = lease(10).at(0);
  pass(kLease);
  EXPECT_THAT(lease(10), SizeIs(1));
  ASSERT_TRUE(db().extend_leases({{lost.id}}, now() + 10 * kLease));
  pass(kLease);
  EXPECT_THAT(lease(10), SizeIs(1));
}

TEST_P(DbContract, ReleasedLeasesAreLeasedAtOnceWithoutUsingTries) {
  seal("a", 40);
  EXPECT_THAT(lease(100, {}, "mine"), SizeIs(2));
  ASSERT_TRUE(db().release_leases("mine"));
  const std::vector<Lease> leases = lease(100, {}, "yours");
  EXPECT_THAT(images_of(leases), SizeIs(40));
  EXPECT_EQ(leases[0].id.attempt, 2U);
  EXPECT_EQ(leases[0].images[0].tries, 0U);
}

TEST_P(DbContract, OnlyTheOwnersLeasesAreReleased) {
  seal("a", 64);
  EXPECT_THAT(lease(1, {}, "mine"), SizeIs(1));
  const std::vector<Lease> yours = lease(1, {}, "yours");
  ASSERT_TRUE(db().release_leases("mine"));
  EXPECT_THAT(images_of(lease(100)), SizeIs(32));
  EXPECT_EQ(finish(all_done(yours)).applied, 32U);
}

TEST_P(DbContract, AReleasedWaitingImageIsLeasedAtOnceAndKeepsItsTries) {
  seal("a", 1);
  EXPECT_EQ(finish({again(lease(1).at(0), 0, 1, now())}).applied, 1U);
  EXPECT_TRUE(lease(1, {}, "mine").at(0).id.waiting);
  EXPECT_THAT(lease(1), IsEmpty());
  ASSERT_TRUE(db().release_leases("mine"));
  const Lease second = lease(1).at(0);
  EXPECT_EQ(second.id.attempt, 2U);
  EXPECT_EQ(second.images.at(0).tries, 1U);
}

TEST_P(DbContract, WaitingImagesComeBackWhenTheyAreDue) {
  const BatchKey batch = seal("a", 3);
  const Lease chunk = lease(10).at(0);
  const FinishReport report = finish({again(chunk, 1, 1, now() + seconds(5)), done(chunk, 0)});
  EXPECT_EQ(report.applied, 2U);
  EXPECT_EQ(find("a").counts.processed, 1U);
  pass(seconds(5) - Micros(1));
  EXPECT_THAT(lease(10), IsEmpty());
  pass(Micros(1));
  const std::vector<Lease> due = lease(10);
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_EQ(due[0].id, (LeaseId{batch, 1, true, 1}));
  ASSERT_THAT(due[0].images, SizeIs(1));
  EXPECT_EQ(due[0].images[0].image, 1U);
  EXPECT_EQ(due[0].images[0].tries, 1U);
  EXPECT_EQ(due[0].images[0].url, url_of(1));
  EXPECT_EQ(due[0].request_id, "a");
}

TEST_P(DbContract, WaitingImagesThatAreDueGoBeforeTheBatchsQueuedOnes) {
  seal("a", 64);
  const Lease chunk = lease(1).at(0);
  EXPECT_EQ(finish({again(chunk, 5, 1, now()), again(chunk, 6, 1, now())}).applied, 2U);
  const std::vector<Lease> leases = lease(10);
  ASSERT_GE(leases.size(), 2U);
  EXPECT_TRUE(leases[0].id.waiting);
  EXPECT_TRUE(leases[1].id.waiting);
  EXPECT_THAT(images_of(lease(100)), SizeIs(leases.size() == 2 ? 32 : 0));
}

TEST_P(DbContract, ManyWaitingImagesOfOneBatchDoNotHoldUpAnother) {
  const BatchKey a = seal("a", 320);
  std::vector<Outcome> outcomes;
  for (const Lease& chunk : lease(320)) {
    for (const LeasedImage& image : chunk.images) {
      outcomes.push_back(again(chunk, image.image, 1, now()));
    }
  }
  EXPECT_EQ(finish(outcomes).applied, 320U);
  const BatchKey b = seal("b", 10);
  const std::vector<Lease> leases = lease(2 * limits::kChunkImages);
  EXPECT_EQ(std::ranges::count_if(leases, [a](const Lease& l) { return l.id.batch == a; }), 54);
  EXPECT_EQ(std::ranges::count_if(leases, [b](const Lease& l) { return l.id.batch == b; }), 1);
}

TEST_P(DbContract, AWaitingImageOfASkippedBatchStays) {
  const BatchKey a = seal("a", 1);
  EXPECT_EQ(finish({again(lease(1).at(0), 0, 1, now())}).applied, 1U);
  EXPECT_THAT(lease(10, {a}), IsEmpty());
  EXPECT_THAT(lease(10), SizeIs(1));
}

TEST_P(DbContract, AnExpiredWaitingLeaseIsTakenWithTheNextAttempt) {
  seal("a", 1);
  EXPECT_EQ(finish({again(lease(1).at(0), 0, 1, now())}).applied, 1U);
  const Lease first = lease(1).at(0);
  ASSERT_TRUE(db().extend_leases({{first.id}}, now() + 2 * kLease));
  pass(kLease);
  EXPECT_THAT(lease(1), IsEmpty());
  pass(kLease);
  const Lease second = lease(1).at(0);
  EXPECT_EQ(second.id.attempt, 2U);
  EXPECT_EQ(second.images.at(0).tries, 1U);
  EXPECT_EQ(finish({done(first, 0)}).fenced_off, 1U);
  EXPECT_EQ(finish({done(second, 0)}).applied, 1U);
}

}  // namespace
}  // namespace imgmill
