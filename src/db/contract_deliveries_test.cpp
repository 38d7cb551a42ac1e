#include <gmock/gmock.h>

#include "db/contract_suite.h"

namespace imgmill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(DbContract, AFinalBatchHasADelivery) {
  finish_batch("a");
  const std::vector<Delivery> leased = lease_deliveries();
  ASSERT_THAT(leased, SizeIs(1));
  EXPECT_EQ(leased[0].attempt, 1U);
  EXPECT_EQ(leased[0].url, kWebhook);
  EXPECT_EQ(leased[0].request_id, "a");
  EXPECT_EQ(leased[0].state, BatchState::kCompleted);
  EXPECT_EQ(leased[0].total_images, 2U);
  EXPECT_EQ(leased[0].processed_images, 2U);
  EXPECT_EQ(leased[0].failed_images, 1U);
  EXPECT_EQ(leased[0].completion_time, now());
  EXPECT_TRUE(leased[0].event_id.starts_with("evt_"));
}

TEST_P(DbContract, NotBeforeItIsFinalAndNotWithoutAWebhook) {
  seal("a", 2, std::string(kWebhook));
  EXPECT_THAT(lease_deliveries(), IsEmpty());
  work_off();
  seal("b", 2);
  work_off();
  EXPECT_THAT(lease_deliveries(), SizeIs(1));
  EXPECT_THAT(lease_deliveries(), IsEmpty());
}

TEST_P(DbContract, DeliveredIsSentAndOver) {
  finish_batch("a");
  const Delivery delivery = lease_deliveries().at(0);
  pass(seconds(1));
  answer(delivery, 200, DeliveryVerdict::kDelivered);
  EXPECT_EQ(find("a").webhook_state, WebhookState::kSent);
  EXPECT_EQ(find("a").updated_at, now());
  pass(10 * kLease);
  EXPECT_THAT(lease_deliveries(), IsEmpty());
}

TEST_P(DbContract, TryAgainIsDueLaterAsTheSameEvent) {
  finish_batch("a");
  const Delivery first = lease_deliveries().at(0);
  answer(first, 503, DeliveryVerdict::kTryAgain, now() + seconds(300));
  EXPECT_EQ(find("a").webhook_state, WebhookState::kNotSent);
  pass(seconds(300) - Micros(1));
  EXPECT_THAT(lease_deliveries(), IsEmpty());
  pass(Micros(1));
  const Delivery second = lease_deliveries().at(0);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.event_id, first.event_id);
  EXPECT_EQ(second.attempt, 2U);
  answer(second, 200, DeliveryVerdict::kDelivered);
  EXPECT_EQ(find("a").webhook_state, WebhookState::kSent);
}

TEST_P(DbContract, DeadIsFailedAndOver) {
  finish_batch("a");
  answer(lease_deliveries().at(0), 410, DeliveryVerdict::kDead);
  EXPECT_EQ(find("a").webhook_state, WebhookState::kFailed);
  pass(10 * kLease);
  EXPECT_THAT(lease_deliveries(), IsEmpty());
}

TEST_P(DbContract, AnExpiredLeaseIsTakenAndTheLateAnswerOnlyRecorded) {
  finish_batch("a");
  const Delivery late = lease_deliveries().at(0);
  pass(kLease - Micros(1));
  EXPECT_THAT(lease_deliveries(), IsEmpty());
  pass(Micros(1));
  const Delivery current = lease_deliveries().at(0);
  EXPECT_EQ(current.attempt, 2U);
  answer(late, 410, DeliveryVerdict::kDead);
  EXPECT_EQ(find("a").webhook_state, WebhookState::kNotSent);
  answer(late, 503, DeliveryVerdict::kTryAgain, now());
  EXPECT_THAT(lease_deliveries(), IsEmpty());
  answer(current, 200, DeliveryVerdict::kDelivered);
  answer(current, 410, DeliveryVerdict::kDead);
  EXPECT_EQ(find("a").webhook_state, WebhookState::kSent);
  const BatchKey batch = find("a").key;
  EXPECT_THAT(db().list_attempts(batch, 10).value(), SizeIs(4));
}

TEST_P(DbContract, AttemptsAreListedOldestFirst) {
  finish_batch("a");
  const Time start = now();
  answer(lease_deliveries().at(0), 0, DeliveryVerdict::kTryAgain, now());
  pass(seconds(1));
  answer(lease_deliveries().at(0), 200, DeliveryVerdict::kDelivered);
  const BatchKey batch = find("a").key;
  const std::vector<RecordedAttempt> attempts = db().list_attempts(batch, 10).value();
  ASSERT_THAT(attempts, SizeIs(2));
  EXPECT_EQ(attempts[0].made.at, start);
  EXPECT_EQ(attempts[0].made.http_status, 0);
  EXPECT_EQ(attempts[0].made.duration, milliseconds(12));
  EXPECT_EQ(attempts[0].made.error, "no luck");
  EXPECT_EQ(attempts[1].made.at, start + seconds(1));
  EXPECT_EQ(attempts[1].made.http_status, 200);
  EXPECT_EQ(attempts[1].made.error, "");
  EXPECT_EQ(attempts[0].attempt, 1U);
  EXPECT_EQ(attempts[1].attempt, 2U);
  EXPECT_EQ(attempts[0].url, kWebhook);
  EXPECT_EQ(attempts[0].event_id, attempts[1].event_id);
  const auto last = db().list_attempts(batch, 1).value();
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(last[0].attempt, 2U);
  EXPECT_THAT(db().list_attempts(77, 10).value(), IsEmpty());
}

TEST_P(DbContract, TheLongestDueGoFirstUpToTheLimit) {
  for (const std::string_view id : {"a", "b", "c"}) {
    finish_batch(id);
    pass(seconds(1));
  }
  const std::vector<Delivery> two = lease_deliveries(2);
  ASSERT_THAT(two, SizeIs(2));
  EXPECT_EQ(two[0].request_id, "a");
  EXPECT_EQ(two[1].request_id, "b");
  EXPECT_NE(two[0].event_id, two[1].event_id);
  EXPECT_THAT(lease_deliveries(2), SizeIs(1));
}

TEST_P(DbContract, AReleasedDeliveryIsDueAtOnceAndOneThatWaitsIsNot) {
  finish_batch("a");
  finish_batch("b");
  const std::vector<Delivery> two = lease_deliveries(2);
  ASSERT_THAT(two, SizeIs(2));
  answer(two[0], 500, DeliveryVerdict::kTryAgain, now() + seconds(60));
  ASSERT_TRUE(db().release_leases("another"));
  EXPECT_THAT(lease_deliveries(), IsEmpty());
  ASSERT_TRUE(db().release_leases("one"));
  const std::vector<Delivery> again = lease_deliveries();
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].event_id, two[1].event_id);
}

TEST_P(DbContract, AWebhookIsSentAgainAsTheSameEventWithItsScheduleAnew) {
  finish_batch("a");
  const BatchKey batch = find("a").key;
  const Delivery first = lease_deliveries().at(0);
  EXPECT_EQ(first.attempts_before, 0U);
  answer(first, 410, DeliveryVerdict::kDead);
  pass(seconds(9));
  ASSERT_TRUE(db().redeliver(batch, now()));
  EXPECT_EQ(find("a").webhook_state, WebhookState::kNotSent);
  const Delivery again = lease_deliveries().at(0);
  EXPECT_EQ(again.event_id, first.event_id);
  EXPECT_EQ(again.attempt, 2U);
  EXPECT_EQ(again.attempts_before, 1U);
  answer(again, 200, DeliveryVerdict::kDelivered);
  ASSERT_TRUE(db().redeliver(batch, now()));
  EXPECT_EQ(find("a").webhook_state, WebhookState::kSent);
  EXPECT_EQ(lease_deliveries().at(0).attempts_before, 2U);
}

TEST_P(DbContract, AWebhookThatWaitsIsDueAtOnceAndOneUnderWayIsLeftAlone) {
  finish_batch("a");
  const BatchKey batch = find("a").key;
  const Delivery first = lease_deliveries().at(0);
  ASSERT_TRUE(db().redeliver(batch, now()));
  EXPECT_THAT(lease_deliveries(), IsEmpty());
  answer(first, 503, DeliveryVerdict::kTryAgain, now() + seconds(300));
  ASSERT_TRUE(db().redeliver(batch, now()));
  EXPECT_THAT(lease_deliveries(), SizeIs(1));
}

TEST_P(DbContract, OnlyAWebhookThatThereIsIsSentAgain) {
  const BatchKey batch = seal("a", 1, std::string(kWebhook));
  EXPECT_EQ(db().redeliver(batch, now()).error().code, ErrorCode::kConflict);
  const BatchKey without = seal("b", 1);
  work_off();
  EXPECT_EQ(db().redeliver(without, now()).error().code, ErrorCode::kConflict);
  EXPECT_EQ(db().redeliver(77, now()).error().code, ErrorCode::kNotFound);
}

TEST_P(DbContract, AnUnknownDeliveryIsNotFound) {
  Delivery unknown;
  unknown.id = 5;
  const Result<void> done =
      db().finish_delivery(unknown, {}, DeliveryVerdict::kDelivered, std::nullopt, now());
  EXPECT_EQ(done.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace imgmill
