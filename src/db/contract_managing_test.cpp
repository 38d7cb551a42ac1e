#include <gmock/gmock.h>

#include "db/contract_suite.h"

namespace imgmill {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kChunk = limits::kChunkImages;

std::string_view word_of(const PlacementDetail& detail) {
  if (detail.fault == cancelled_fault()) return "cancelled";
  constexpr std::string_view kWords[] = {"pending", "processing", "completed", "failed"};
  return kWords[static_cast<std::size_t>(detail.status)];
}

std::vector<std::string_view> words_of(Db& db, BatchKey batch) {
  std::vector<std::string_view> words;
  const PlacementPage page = db.list_placements(batch, {}, 0, 1'000).value();
  for (const PlacementDetail& one : page.placements) words.push_back(word_of(one));
  return words;
}

ErrorCode code_of(const Result<void>& result) {
  return result ? ErrorCode::kInternal : result.error().code;
}

// ---- cancel

TEST_P(DbContract, ABatchNobodyWorksOnIsCancelledAtOnce) {
  const BatchKey batch = seal("a", 70, std::string(kWebhook));
  pass(seconds(1));
  ASSERT_TRUE(db().cancel_batch(batch, now()));
  EXPECT_EQ(find("a").state, BatchState::kCancelled);
  EXPECT_EQ(find("a").finished_at, now());
  EXPECT_EQ(find("a").counts, (BatchCounts{.placements = 70}));
  EXPECT_THAT(lease(1), IsEmpty());
  EXPECT_THAT(words_of(db(), batch), testing::Each("cancelled"));
  const std::vector<Delivery> deliveries = lease_deliveries();
  ASSERT_THAT(deliveries, SizeIs(1));
  EXPECT_EQ(deliveries[0].state, BatchState::kCancelled);
  EXPECT_EQ(deliveries[0].total_images, 70U);
  EXPECT_EQ(deliveries[0].processed_images, 0U);
}

TEST_P(DbContract, WhatIsInWorkEndsInItsOwnWayAndThenTheCancelledBatchIsFinal) {
  const BatchKey batch = seal("a", 2 * kChunk, std::string(kWebhook));
  const Lease chunk = lease(1).at(0);
  ASSERT_TRUE(db().cancel_batch(batch, now()));
  EXPECT_EQ(find("a").state, BatchState::kSealed);
  EXPECT_THAT(lease(100), IsEmpty());
  EXPECT_THAT(lease_deliveries(), IsEmpty());
  std::vector<Outcome> outcomes = all_done({chunk});
  outcomes[1] = failed(chunk, 1);
  const Outcome last = outcomes.back();
  outcomes.pop_back();
  EXPECT_THAT(finish(outcomes).final_batches, IsEmpty());
  EXPECT_THAT(finish({last}).final_batches, ElementsAre("a"));
  EXPECT_EQ(find("a").state, BatchState::kCancelled);
  EXPECT_EQ(find("a").counts.processed, kChunk);
  EXPECT_EQ(find("a").counts.failed, 1U);
  EXPECT_THAT(lease_deliveries(), SizeIs(1));
  const auto outputs = db().list_outputs(batch, 0, 100).value();
  EXPECT_EQ(outputs[0].output_key, key_of(0));
  EXPECT_EQ(outputs[kChunk].output_key, "");
}

TEST_P(DbContract, NothingOfACancelledBatchIsTriedAgain) {
  const BatchKey batch = seal("a", 3);
  const Lease chunk = lease(1).at(0);
  apply({again(chunk, 0, 1, now() + seconds(60)), again(chunk, 1, 1, now())});
  const Lease waiting = lease(1).at(0);
  ASSERT_TRUE(waiting.id.waiting);
  ASSERT_TRUE(db().cancel_batch(batch, now()));
  EXPECT_EQ(words_of(db(), batch)[0], "cancelled");
  EXPECT_EQ(finish({again(chunk, 2, 1, now())}).applied, 1U);
  EXPECT_EQ(find("a").state, BatchState::kSealed);
  EXPECT_THAT(finish({again(waiting, 1, 2, now())}).final_batches, ElementsAre("a"));
  EXPECT_EQ(find("a").state, BatchState::kCancelled);
  EXPECT_EQ(find("a").counts.processed, 0U);
  EXPECT_THAT(words_of(db(), batch), testing::Each("cancelled"));
}

TEST_P(DbContract, WhatComesBackUnfinishedIsCancelledAtTheNextTurn) {
  const BatchKey released = seal("released", 40);
  const BatchKey expired = seal("expired", 40);
  EXPECT_THAT(lease(20, {expired}, "mine"), SizeIs(1));
  EXPECT_THAT(lease(20, {released}, "yours"), SizeIs(1));
  ASSERT_TRUE(db().cancel_batch(released, now()));
  ASSERT_TRUE(db().cancel_batch(expired, now()));
  ASSERT_TRUE(db().release_leases("mine"));
  EXPECT_THAT(lease(100), IsEmpty());
  EXPECT_EQ(find("released").state, BatchState::kCancelled);
  EXPECT_EQ(find("expired").state, BatchState::kSealed);
  pass(kLease);
  EXPECT_THAT(lease(100), IsEmpty());
  EXPECT_EQ(find("expired").state, BatchState::kCancelled);
  EXPECT_THAT(words_of(db(), expired), testing::Each("cancelled"));
}

TEST_P(DbContract, CancellingTwiceIsOnceAndAFinalBatchCannotBe) {
  const BatchKey batch = seal("a", 1);
  const Lease chunk = lease(1).at(0);
  ASSERT_TRUE(db().cancel_batch(batch, now()));
  ASSERT_TRUE(db().cancel_batch(batch, now()));
  apply({done(chunk, 0)});
  EXPECT_EQ(find("a").state, BatchState::kCancelled);
  EXPECT_EQ(code_of(db().cancel_batch(batch, now())), ErrorCode::kConflict);
  EXPECT_EQ(code_of(db().cancel_batch(77, now())), ErrorCode::kNotFound);
  const BatchKey receiving = open("b");
  EXPECT_EQ(code_of(db().cancel_batch(receiving, now())), ErrorCode::kNotFound);
}

// ---- retry

TEST_P(DbContract, FailedImagesAreTriedAgainFromTheStart) {
  const BatchKey batch = open("a", std::string(kWebhook));
  append(batch, 0, 70);
  const NewPlacement repeat{.row = 71, .position = 1, .image = 40};
  ASSERT_TRUE(db().append_images(batch, {}, {&repeat, 1}));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  work_off({3, 40, 41});
  const Delivery first = lease_deliveries().at(0);
  answer(first, 200, DeliveryVerdict::kDelivered);

  pass(seconds(9));
  ASSERT_TRUE(db().retry_batch(batch, now()));
  const Batch again = find("a");
  EXPECT_EQ(again.state, BatchState::kSealed);
  EXPECT_EQ(status_of(again), BatchStatus::kProcessing);
  EXPECT_EQ(again.counts.processed, 67U);
  EXPECT_EQ(again.counts.failed, 0U);
  EXPECT_EQ(again.processed_before, 67U);
  EXPECT_EQ(again.started_at, now());
  EXPECT_EQ(again.finished_at, std::nullopt);
  EXPECT_EQ(again.webhook_state, WebhookState::kNotSent);
  EXPECT_EQ(words_of(db(), batch)[40], "pending");

  const std::vector<Lease> leases = lease(100);
  EXPECT_THAT(images_of(leases), ElementsAre(3, 40, 41));
  EXPECT_EQ(leases[0].images[0].tries, 0U);
  EXPECT_THAT(
      finish({done(leases[0], 3), done(leases[1], 40), failed(leases[1], 41)}).final_batches,
      ElementsAre("a"));
  EXPECT_EQ(find("a").state, BatchState::kCompleted);
  EXPECT_EQ(find("a").counts.processed, 71U);
  EXPECT_EQ(find("a").counts.failed, 1U);
  EXPECT_EQ(find("a").counts.bytes_in, 69'000U);
  EXPECT_EQ(db().list_outputs(batch, 70, 1).value()[0].output_key, key_of(40));
  const Delivery second = lease_deliveries().at(0);
  EXPECT_NE(second.event_id, first.event_id);
  EXPECT_EQ(second.processed_images, 71U);
  EXPECT_EQ(second.failed_images, 1U);
}

TEST_P(DbContract, AFailedBatchMayCompleteAfterARetry) {
  const BatchKey batch = seal("a", 2);
  work_off({0, 1});
  EXPECT_EQ(find("a").state, BatchState::kFailed);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(db().retry_batch(batch, now()));
    work_off({1});
  }
  EXPECT_EQ(find("a").state, BatchState::kCompleted);
  EXPECT_EQ(find("a").counts.failed, 1U);
}

TEST_P(DbContract, WhatIsLateFromTheFirstRunChangesNothingInTheSecond) {
  const BatchKey batch = seal("a", 2);
  const Lease late = lease(1).at(0);
  apply({again(late, 1, 1, now())});
  const Lease late_waiting = lease(1).at(0);
  pass(kLease);
  work_off({0, 1});
  ASSERT_TRUE(db().retry_batch(batch, now()));
  const Lease chunk = lease(1).at(0);
  EXPECT_NE(chunk.id, late.id);
  EXPECT_EQ(finish({done(late, 0), done(late_waiting, 1)}).fenced_off, 2U);
  apply({again(chunk, 1, 1, now())});
  const Lease waiting = lease(1).at(0);
  EXPECT_NE(waiting.id, late_waiting.id);
  EXPECT_EQ(finish({done(late_waiting, 1)}).fenced_off, 1U);
}

TEST_P(DbContract, ARetryNeedsAFinalBatchWithSomethingThatFailed) {
  const BatchKey batch = open("a");
  const NewImage invalid{"nonsense", ImageFault{FaultCode::kInvalidUrl, "no scheme"}};
  const NewPlacement place{.row = 1, .position = 1, .image = 0};
  ASSERT_TRUE(db().append_images(batch, {&invalid, 1}, {&place, 1}));
  append(batch, 1, 1);
  ASSERT_TRUE(db().seal_batch(batch, now()));
  EXPECT_EQ(code_of(db().retry_batch(batch, now())), ErrorCode::kConflict);
  work_off();
  EXPECT_EQ(find("a").counts.failed, 1U);
  // What was invalid from the start would be again.
  EXPECT_EQ(code_of(db().retry_batch(batch, now())), ErrorCode::kConflict);
  EXPECT_EQ(find("a").state, BatchState::kCompleted);
  EXPECT_EQ(code_of(db().retry_batch(77, now())), ErrorCode::kNotFound);
}

TEST_P(DbContract, ARetryOfACancelledBatchLeavesWhatWasCancelled) {
  const BatchKey batch = seal("a", 3);
  const Lease chunk = lease(1).at(0);
  ASSERT_TRUE(db().cancel_batch(batch, now()));
  apply({failed(chunk, 0), done(chunk, 1), again(chunk, 2, 1, now())});
  ASSERT_TRUE(db().retry_batch(batch, now()));
  EXPECT_THAT(words_of(db(), batch), ElementsAre("pending", "completed", "cancelled"));
  const std::vector<Lease> leases = lease(100);
  EXPECT_THAT(images_of(leases), ElementsAre(0));
  EXPECT_THAT(finish(all_done(leases)).final_batches, ElementsAre("a"));
  EXPECT_EQ(find("a").state, BatchState::kCancelled);
  EXPECT_EQ(find("a").counts.processed, 2U);
  EXPECT_EQ(code_of(db().retry_batch(batch, now())), ErrorCode::kConflict);
}

TEST_P(DbContract, AnEarlierWebhookSaysNothingAboutTheRunAfterIt) {
  finish_batch("a");
  const BatchKey batch = find("a").key;
  const Delivery first = lease_deliveries().at(0);
  ASSERT_TRUE(db().retry_batch(batch, now()));
  answer(first, 200, DeliveryVerdict::kDelivered);
  EXPECT_EQ(find("a").webhook_state, WebhookState::kNotSent);
  work_off({1});
  answer(lease_deliveries().at(0), 410, DeliveryVerdict::kDead);
  EXPECT_EQ(find("a").webhook_state, WebhookState::kFailed);
}

// ---- delete

TEST_P(DbContract, ADeletedBatchIsGoneFromTheFirstStepOn) {
  finish_batch("a");
  const BatchKey batch = find("a").key;
  ASSERT_TRUE(db().begin_deletion(batch));
  EXPECT_EQ(db().find_batch("a").value(), std::nullopt);
  EXPECT_THAT(db().list_batches({}, {}, 10).value(), IsEmpty());
  EXPECT_THAT(db().list_batches(BatchStatus::kCompleted, {}, 10).value(), IsEmpty());
  EXPECT_THAT(db().list_placements(batch, {}, 0, 10).value().placements, IsEmpty());
  EXPECT_THAT(db().list_outputs(batch, 0, 10).value(), IsEmpty());
  EXPECT_THAT(lease_deliveries(), IsEmpty());
  EXPECT_EQ(code_of(db().cancel_batch(batch, now())), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(db().retry_batch(batch, now())), ErrorCode::kNotFound);
}

TEST_P(DbContract, ADeletionCanBeTakenUpAgainUntilNothingIsLeft) {
  finish_batch("a");
  finish_batch("other");
  const BatchKey batch = find("a").key;
  ASSERT_TRUE(db().begin_deletion(batch));
  ASSERT_TRUE(db().begin_deletion(batch));
  const std::vector<Batch> found = db().find_deleting().value();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].request_id, "a");
  EXPECT_EQ(found[0].csv_key, "uploads/a.csv");
  const auto renditions = db().list_renditions(batch, 0, 10).value();
  ASSERT_THAT(renditions, SizeIs(1));
  EXPECT_EQ(renditions[0].output_key, key_of(0));
  EXPECT_THAT(db().list_renditions(batch, renditions[0].image + 1, 10).value(), IsEmpty());
  while (!db().erase_slice(batch).value()) {
  }
  EXPECT_THAT(db().find_deleting().value(), IsEmpty());
  EXPECT_TRUE(db().erase_slice(batch).value());
  EXPECT_EQ(code_of(db().begin_deletion(batch)), ErrorCode::kNotFound);
  EXPECT_EQ(find("other").counts.processed, 2U);
  const BatchKey other = find("other").key;
  EXPECT_THAT(db().list_outputs(other, 0, 10).value(), SizeIs(2));
  EXPECT_THAT(lease_deliveries(), SizeIs(1));
}

TEST_P(DbContract, OnlyAFinalBatchIsDeleted) {
  const BatchKey batch = seal("a", 1);
  EXPECT_EQ(code_of(db().begin_deletion(batch)), ErrorCode::kConflict);
  EXPECT_EQ(db().erase_slice(batch).error().code, ErrorCode::kConflict);
  EXPECT_EQ(code_of(db().begin_deletion(77)), ErrorCode::kNotFound);
  EXPECT_EQ(find("a").counts.placements, 1U);
}

TEST_P(DbContract, AWebhookUnderWayWhenItsBatchIsDeletedIsForgotten) {
  finish_batch("a");
  const BatchKey batch = find("a").key;
  const Delivery under_way = lease_deliveries().at(0);
  ASSERT_TRUE(db().begin_deletion(batch));
  const Result<void> done =
      db().finish_delivery(under_way, {}, DeliveryVerdict::kDelivered, std::nullopt, now());
  EXPECT_EQ(code_of(done), ErrorCode::kNotFound);
}

TEST_P(DbContract, FinalBatchesThatHadTheirTimeAreDeletedOldestFirst) {
  for (const auto* id : {"a", "b", "c"}) {
    seal(id, 1);
    work_off();
    pass(std::chrono::seconds(10));
  }
  seal("running", 1);
  EXPECT_EQ(db().begin_deletions(now() - std::chrono::seconds(30), 10).value(), 0U);
  EXPECT_EQ(db().begin_deletions(now() - std::chrono::seconds(10), 1).value(), 1U);
  EXPECT_EQ(db().find_batch("a").value(), std::nullopt);
  EXPECT_EQ(db().begin_deletions(now() - std::chrono::seconds(10), 10).value(), 1U);
  EXPECT_EQ(db().find_batch("b").value(), std::nullopt);
  EXPECT_EQ(db().begin_deletions(now() - std::chrono::seconds(10), 10).value(), 0U);
  EXPECT_THAT(db().find_deleting().value(), SizeIs(2));
  EXPECT_EQ(find("c").counts.processed, 1U);
  pass(std::chrono::hours(24 * 365));
  EXPECT_EQ(db().begin_deletions(now(), 10).value(), 1U);
  EXPECT_EQ(find("running").counts.processed, 0U);
}

TEST_P(DbContract, ARetriedBatchHasItsTimeAnew) {
  seal("a", 2);
  work_off({0});
  pass(std::chrono::seconds(10));
  const BatchKey batch = find("a").key;
  ASSERT_TRUE(db().retry_batch(batch, now()));
  EXPECT_EQ(db().begin_deletions(now(), 10).value(), 0U);
  work_off();
  EXPECT_EQ(db().begin_deletions(now(), 10).value(), 0U);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(db().begin_deletions(now(), 10).value(), 1U);
}

TEST_P(DbContract, AWebhookIsDeliveredOrGivenUpBeforeItsBatchIsDeleted) {
  finish_batch("a");
  pass(std::chrono::seconds(10));
  EXPECT_EQ(db().begin_deletions(now(), 10).value(), 0U);
  answer(lease_deliveries().at(0), 500, DeliveryVerdict::kTryAgain,
         now() + std::chrono::seconds(60));
  EXPECT_EQ(db().begin_deletions(now(), 10).value(), 0U);
  pass(std::chrono::seconds(60));
  answer(lease_deliveries().at(0), 410, DeliveryVerdict::kDead);
  EXPECT_EQ(db().begin_deletions(now(), 10).value(), 1U);
}

}  // namespace
}  // namespace imgmill
