#include "notify/courier.h"

#include <array>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "db/fake/fake_db.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;

PostOutcome status(int http_status) {
  return {.http_status = http_status, .retry_after = {}, .fault = {}};
}

PostOutcome no_answer(FaultCode code, std::string message) {
  return {.http_status = 0, .retry_after = {}, .fault = ImageFault{code, std::move(message)}};
}

// Keeps what is posted until the test answers it, in any order.
class ScriptedFetcher final : public Fetcher {
 public:
  struct Sent {
    Post post;
    Callback<PostOutcome> done;
  };

  void get(std::string, std::int64_t, Callback<FetchOutcome>) override {
    FAIL() << "a courier does not fetch";
  }
  void drop(std::int64_t) override { FAIL() << "a courier drops nothing"; }
  void post(Post post, Callback<PostOutcome> done) override {
    sent.push_back({std::move(post), std::move(done)});
  }

  [[nodiscard]] std::string header(std::size_t index, std::string_view name) const {
    for (const auto& [key, value] : sent.at(index).post.headers) {
      if (key == name) return value;
    }
    return {};
  }

  std::deque<Sent> sent;
};

class CourierTest : public testing::Test {
 protected:
  ~CourierTest() override {
    if (running_) stop_and_wait();
  }

  void start() {
    courier_ =
        std::make_unique<Courier>(options_, db_, fetcher_, clock_, engine_.get_executor(), pool_);
    running_ = true;
    asio::co_spawn(engine_, courier_->run(), [this](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
      running_ = false;
    });
  }

  // Steps the engine until it is so; a courier that never gets there runs into the test's time-out.
  template <class Condition>
  void until(Condition condition) {
    while (!condition()) engine_.run_one();
  }
  void until_sent(std::size_t count) {
    until([&] { return fetcher_.sent.size() >= count; });
  }

  void stop_and_wait() {
    courier_->stop();
    until([&] {
      for (ScriptedFetcher::Sent& sent : fetcher_.sent) {
        if (sent.done) std::exchange(sent.done, {})(status(200));
      }
      return !running_;
    });
  }

  // A batch whose only image was invalid: final when sealed, with its delivery.
  std::string add_delivery() {
    const std::string id = random_uuid();
    const BatchKey key = db_.open_batch({.request_id = id,
                                         .recipe = {},
                                         .webhook_url = "https://shop.example/" + id,
                                         .csv_key = "csv"},
                                        clock_.now())
                             .value();
    const std::array images{NewImage{"x", ImageFault{FaultCode::kInvalidUrl, "no URL"}}};
    const std::array places{NewPlacement{1, 1, 0, "1", "a"}};
    EXPECT_TRUE(db_.append_images(key, images, places));
    EXPECT_TRUE(db_.seal_batch(key, clock_.now()));
    return id;
  }

  void answer(std::size_t index, PostOutcome outcome) {
    std::exchange(fetcher_.sent.at(index).done, {})(std::move(outcome));
  }

  [[nodiscard]] WebhookState state_of(const std::string& id) {
    return db_.find_batch(id).value().value().webhook_state;
  }
  [[nodiscard]] std::vector<DeliveryAttempt> attempts_of(const std::string& id) {
    std::vector<DeliveryAttempt> attempts;
    const Batch batch = db_.find_batch(id).value().value();
    for (const RecordedAttempt& one : db_.list_attempts(batch.key, 100).value()) {
      attempts.push_back(one.made);
    }
    return attempts;
  }
  void until_attempts(const std::string& id, std::size_t count) {
    until([&] { return attempts_of(id).size() >= count; });
  }

  // True when this was sent and nothing else: the courier has looked, and only this was due.
  [[nodiscard]] bool only_a_new_one_is_due() {
    const std::size_t before = fetcher_.sent.size();
    const std::string marker = add_delivery();
    courier_->nudge();
    until_sent(before + 1);
    engine_.poll();
    const bool only =
        fetcher_.sent.size() == before + 1 && fetcher_.sent.back().post.url.ends_with(marker);
    answer(before, status(200));
    until_attempts(marker, 1);
    return only;
  }

  asio::io_context engine_{1};
  asio::executor_work_guard<asio::io_context::executor_type> never_idle_{engine_.get_executor()};
  asio::thread_pool pool_{1};
  ManualClock clock_;
  FakeDb db_;
  ScriptedFetcher fetcher_;
  CourierOptions options_{.owner = "test",
                          .base_url = "http://localhost:5000",
                          .secrets = {"secret", ""},
                          .schedule = {10s, 100s}};
  std::unique_ptr<Courier> courier_;
  bool running_ = false;
};

TEST_F(CourierTest, DeliversAndRecords) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  EXPECT_EQ(fetcher_.sent[0].post.url, "https://shop.example/" + id);
  EXPECT_TRUE(fetcher_.sent[0].post.body.contains("/results/" + id + "_results.csv"));
  EXPECT_EQ(fetcher_.header(0, "webhook-timestamp"), "1700000000");
  EXPECT_EQ(fetcher_.header(0, "X-Webhook-Signature").size(), 64U);
  // One secret: the empty one signs nothing.
  EXPECT_EQ(fetcher_.header(0, "webhook-signature").find(' '), std::string::npos);
  EXPECT_EQ(state_of(id), WebhookState::kNotSent);
  answer(0, {.http_status = 204, .retry_after = {}, .fault = {}, .duration = 12ms});
  until_attempts(id, 1);
  EXPECT_EQ(state_of(id), WebhookState::kSent);
  const DeliveryAttempt attempt = attempts_of(id)[0];
  EXPECT_EQ(attempt.at, clock_.now());
  EXPECT_EQ(attempt.http_status, 204);
  EXPECT_EQ(attempt.duration, 12ms);
  EXPECT_EQ(attempt.error, "");
}

TEST_F(CourierTest, LooksAtOnceWhenNudged) {
  start();
  EXPECT_TRUE(only_a_new_one_is_due());
  EXPECT_TRUE(only_a_new_one_is_due());
}

TEST_F(CourierTest, TriesAgainOnTheScheduleUntilItIsUsedUp) {
  const std::string id = add_delivery();
  start();
  std::size_t sent = 0;
  for (const auto pause : options_.schedule) {
    until_sent(sent + 1);
    answer(sent, status(500));
    until_attempts(id, attempts_of(id).size() + 1);
    clock_.advance(Micros(pause) * 79 / 100);
    EXPECT_TRUE(only_a_new_one_is_due());
    clock_.advance(Micros(pause) * 42 / 100);
    courier_->nudge();
    sent = fetcher_.sent.size();
  }
  until_sent(sent + 1);
  EXPECT_EQ(fetcher_.header(sent, "webhook-id"), fetcher_.header(0, "webhook-id"));
  EXPECT_EQ(fetcher_.header(sent, "webhook-timestamp"), "1700000133");
  EXPECT_EQ(fetcher_.sent[sent].post.body, fetcher_.sent[0].post.body);
  EXPECT_EQ(state_of(id), WebhookState::kNotSent);
  answer(sent, status(500));
  until_attempts(id, 3);
  EXPECT_EQ(state_of(id), WebhookState::kFailed);
  EXPECT_EQ(attempts_of(id)[2].error, "the receiver answered 500");
  clock_.advance(24h);
  EXPECT_TRUE(only_a_new_one_is_due());
}

TEST_F(CourierTest, StopsAtOnceWhenTheReceiverIsGone) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  answer(0, status(410));
  until_attempts(id, 1);
  EXPECT_EQ(state_of(id), WebhookState::kFailed);
}

TEST_F(CourierTest, HeedsRetryAfter) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  answer(0, {.http_status = 503, .retry_after = 18s, .fault = {}});
  until_attempts(id, 1);
  clock_.advance(17s);
  EXPECT_TRUE(only_a_new_one_is_due());
  clock_.advance(1s);
  courier_->nudge();
  until_sent(3);
  EXPECT_TRUE(fetcher_.sent[2].post.url.ends_with(id));
}

TEST_F(CourierTest, RecordsWhyThereWasNoAnswer) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  answer(0, no_answer(FaultCode::kTimeout, "no answer within 15 s"));
  until_attempts(id, 1);
  EXPECT_EQ(attempts_of(id)[0].http_status, 0);
  EXPECT_EQ(attempts_of(id)[0].error, "no answer within 15 s");
}

TEST_F(CourierTest, GoesOnWithTheScheduleAfterARestart) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  answer(0, status(500));
  until_attempts(id, 1);
  stop_and_wait();
  start();
  EXPECT_TRUE(only_a_new_one_is_due());
  clock_.advance(13s);
  courier_->nudge();
  until_sent(3);
  answer(2, status(500));
  until_attempts(id, 2);
  clock_.advance(79s);
  EXPECT_TRUE(only_a_new_one_is_due());
}

TEST_F(CourierTest, PostsAgainWhatAKilledProcessHadUnderWay) {
  const std::string id = add_delivery();
  ASSERT_EQ(
      db_.lease_deliveries("test", 1, clock_.now(), clock_.now() + limits::kWebhookLease)->size(),
      1U);
  start();
  EXPECT_TRUE(only_a_new_one_is_due());
  clock_.advance(limits::kWebhookLease);
  courier_->nudge();
  until_sent(2);
  EXPECT_TRUE(fetcher_.sent[1].post.url.ends_with(id));
}

TEST_F(CourierTest, IsNotHeldUpByASlowReceiver) {
  add_delivery();
  start();
  until_sent(1);
  EXPECT_TRUE(only_a_new_one_is_due());
}

TEST_F(CourierTest, KeepsSoManyUnderWayAndNoMore) {
  for (std::size_t i = 0; i < limits::kWebhooksAtOnce + 3; ++i) add_delivery();
  start();
  until_sent(limits::kWebhooksAtOnce);
  courier_->nudge();
  engine_.poll();
  EXPECT_EQ(fetcher_.sent.size(), limits::kWebhooksAtOnce);
  answer(5, status(200));
  until_sent(limits::kWebhooksAtOnce + 1);
  engine_.poll();
  EXPECT_EQ(fetcher_.sent.size(), limits::kWebhooksAtOnce + 1);
}

TEST_F(CourierTest, RecordsLaterWhatTheDatabaseWouldNotTake) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  db_.fail_next({ErrorCode::kUnavailable, "busy", ""}, "finish_delivery");
  answer(0, status(200));
  until_attempts(id, 1);
  EXPECT_EQ(state_of(id), WebhookState::kSent);
  EXPECT_EQ(fetcher_.sent.size(), 1U);
}

TEST_F(CourierTest, DoesNotPostAgainWhatOnlyIsNotRecordedWhenItsLeaseRanOut) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  db_.fail_next({ErrorCode::kNoSpace, "full", ""}, "finish_delivery");
  db_.fail_next({ErrorCode::kNoSpace, "full", ""}, "finish_delivery");
  clock_.advance(limits::kWebhookLease + 1s);
  answer(0, status(200));
  until_attempts(id, 1);
  EXPECT_EQ(state_of(id), WebhookState::kSent);
  EXPECT_EQ(fetcher_.sent.size(), 1U);
  EXPECT_TRUE(only_a_new_one_is_due());
}

TEST_F(CourierTest, ForgetsTheDeliveryOfABatchThatWasDeleted) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  db_.fail_next({ErrorCode::kNotFound, "gone", ""}, "finish_delivery");
  answer(0, status(200));
  EXPECT_TRUE(only_a_new_one_is_due());
  EXPECT_TRUE(attempts_of(id).empty());
}

TEST_F(CourierTest, LeasesLaterWhenTheDatabaseFails) {
  db_.fail_next({ErrorCode::kUnavailable, "busy", ""}, "lease_deliveries");
  add_delivery();
  start();
  until_sent(1);
}

TEST_F(CourierTest, FinishesWhatIsUnderWayBeforeItStops) {
  const std::string id = add_delivery();
  start();
  until_sent(1);
  add_delivery();
  courier_->stop();
  engine_.poll();
  EXPECT_TRUE(running_);
  std::jthread curl([this] { answer(0, status(200)); });
  until([&] { return !running_; });
  EXPECT_EQ(state_of(id), WebhookState::kSent);
  EXPECT_EQ(fetcher_.sent.size(), 1U);
}

TEST_F(CourierTest, LeavesForTheNextStartWhatTheFetcherBrokeOff) {
  const std::string id = add_delivery();
  options_.schedule.clear();
  start();
  until_sent(1);
  courier_->stop();
  answer(0, no_answer(FaultCode::kCancelled, "shutting down"));
  until([&] { return !running_; });
  EXPECT_EQ(state_of(id), WebhookState::kNotSent);
  clock_.advance(1s);
  start();
  until_sent(2);
  EXPECT_TRUE(fetcher_.sent[1].post.url.ends_with(id));
}

TEST_F(CourierTest, MayBeNudgedAndStoppedFromAnyThreadAndAfterItsEnd) {
  start();
  {
    std::jthread edge([this] {
      for (int i = 0; i < 100; ++i) courier_->nudge();
      courier_->stop();
    });
    until([&] { return !running_; });
  }
  courier_->nudge();
  courier_.reset();
  engine_.poll();
}

}  // namespace
}  // namespace imgmill
