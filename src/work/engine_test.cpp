#include "work/engine.h"

#include <algorithm>
#include <deque>
#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "db/fake/fake_db.h"
#include "objects/fake/fake_store.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

FetchOutcome body(std::string_view text) {
  FetchOutcome outcome;
  outcome.body.emplace();
  EXPECT_TRUE(outcome.body->append(bytes_of(text)));
  return outcome;
}

FetchOutcome fault(FaultCode code, bool retryable, int status = 0) {
  FetchOutcome outcome;
  outcome.fault = FetchFault{
      .fault = {code, "as scripted", status}, .retryable = retryable, .retry_after = std::nullopt};
  return outcome;
}

// Answers each URL with its script's next outcome, or the URL itself as the picture; while held,
// later.
class ScriptedFetcher final : public Fetcher {
 public:
  void get(std::string url, std::int64_t, Callback<FetchOutcome> done) override {
    asked.push_back(url);
    auto& script = scripts[url];
    FetchOutcome outcome = script.empty() ? body(url) : std::move(script.front());
    if (!script.empty()) script.pop_front();
    if (hold) {
      held.emplace_back(std::move(outcome), std::move(done));
    } else {
      done(std::move(outcome));
    }
  }
  void post(Post, Callback<PostOutcome>) override { ADD_FAILURE() << "the engine posts nothing"; }

  void let_go() {
    hold = false;
    for (auto& [outcome, done] : std::exchange(held, {})) done(std::move(outcome));
  }

  // Answers what is held; of which batch it is plays no part here.
  void drop(std::int64_t batch) override {
    dropped.push_back(batch);
    for (auto& [outcome, done] : held) outcome = fault(FaultCode::kCancelled, true);
    let_go();
  }

  std::map<std::string, std::deque<FetchOutcome>> scripts;
  std::vector<std::string> asked;
  std::vector<std::int64_t> dropped;
  bool hold = false;
  std::vector<std::pair<FetchOutcome, Callback<FetchOutcome>>> held;
};

// The rendition is the source's bytes; a source that says "bad" is corrupt.
class EchoCodec final : public Codec {
 public:
  void render(Spool source, Recipe, Callback<CodecOutcome> done) override {
    CodecOutcome outcome;
    Rendition rendition;
    rendition.bytes.resize(source.size());
    EXPECT_TRUE(source.copy_to(rendition.bytes));
    const std::string_view text(reinterpret_cast<const char*>(rendition.bytes.data()),
                                rendition.bytes.size());
    if (text.find("bad") != text.npos) {
      outcome.fault = ImageFault{FaultCode::kCorruptImage, "as scripted"};
    } else {
      outcome.rendition = std::move(rendition);
    }
    done(std::move(outcome));
  }
};

class EngineTest : public testing::Test {
 protected:
  ~EngineTest() override { stop(); }

  std::string add_batch(std::vector<std::string> urls) {
    const std::string id = fmt::format("00000000-0000-4000-8000-{:012}", ++batches_);
    const auto key = db.open_batch({id, {}, "https://hook.example/", "uploads/x.csv"}, clock.now());
    std::vector<NewImage> images;
    std::vector<NewPlacement> placements;
    for (const std::string& url : urls) {
      placements.push_back({.row = 1,
                            .position = static_cast<std::uint32_t>(images.size() + 1),
                            .image = static_cast<std::uint32_t>(images.size()),
                            .serial_number = "1",
                            .product_name = "p"});
      images.push_back({.url = url, .fault = std::nullopt});
    }
    EXPECT_TRUE(db.append_images(*key, images, placements));
    EXPECT_TRUE(db.seal_batch(*key, clock.now()));
    return id;
  }

  void start() {
    asio::co_spawn(context, engine.run(), [this](const std::exception_ptr& bug) {
      EXPECT_FALSE(bug);
      ended = true;
    });
    started_ = true;
  }

  // Runs the engine until it is so; a minute is for a machine that stands still, not a measure.
  template <class Condition>
  void run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      const bool idle = context.run_one_for(10ms) == 0;
      context.restart();
      if (idle) clock.advance(50ms);  // pauses pass, leases do not run out
    }
  }

  void stop() {
    if (!started_ || ended) return;
    engine.stop();
    run_until([this] { return ended; });
  }

  Batch batch(const std::string& id) { return **db.find_batch(id); }
  bool final(const std::string& id) { return is_final(batch(id).state); }

  ManualClock clock;
  FakeDb db;
  FakeStore objects;
  ScriptedFetcher fetcher;
  EchoCodec codec;
  asio::io_context context{1};
  asio::thread_pool blocking{2};
  int became_final = 0;
  bool ended = false;
  Engine engine{
      {.owner = "test",
       .images_in_hand = 64,
       .place_of =
           [](const std::string& id) { return RenditionPlace{"processed/" + id + "/", id}; },
       .batch_became_final = [this] { ++became_final; }},
      {db, fetcher, codec, objects, clock, blocking},
      context.get_executor()};

 private:
  int batches_ = 0;
  bool started_ = false;
};

TEST_F(EngineTest, RunsABatchToItsEnd) {
  const std::string id = add_batch({"https://a/one.jpg", "https://a/two.jpg"});
  start();
  run_until([&] { return became_final == 1; });
  EXPECT_EQ(batch(id).state, BatchState::kCompleted);
  EXPECT_EQ(batch(id).counts.processed, 2U);
  EXPECT_EQ(batch(id).counts.failed, 0U);
  ASSERT_EQ(objects.keys().size(), 2U);
  EXPECT_TRUE(objects.keys()[0].starts_with("processed/" + id + "/one-")) << objects.keys()[0];
  EXPECT_TRUE(objects.keys()[0].ends_with(".jpg"));
}

TEST_F(EngineTest, AnOutcomeIsNeverAheadOfItsRendition) {
  const std::string id = add_batch({"https://a/one.jpg"});
  start();
  run_until([&] { return became_final == 1; });
  EXPECT_TRUE(objects.is_durable(objects.keys().at(0)));
}

TEST_F(EngineTest, TheSamePictureHasAnotherNameInAnotherBatch) {
  const std::string one = add_batch({"https://a/one.jpg"});
  const std::string two = add_batch({"https://a/one.jpg"});
  start();
  run_until([&] { return final(one) && final(two); });
  const auto name = [](const std::string& key) { return key.substr(key.rfind('/')); };
  ASSERT_EQ(objects.keys().size(), 2U);
  EXPECT_NE(name(objects.keys()[0]), name(objects.keys()[1]));
}

TEST_F(EngineTest, AUrlIsAskedForAsTheWireWantsIt) {
  const std::string id = add_batch({"https://a/my photo|1.jpg", "pictures/a b.jpg"});
  start();
  run_until([&] { return final(id); });
  EXPECT_EQ(fetcher.asked,
            (std::vector<std::string>{"https://a/my%20photo%7C1.jpg", "pictures/a b.jpg"}));
}

TEST_F(EngineTest, AFinalFaultIsFetchedOnceAndKept) {
  fetcher.scripts["https://a/gone.jpg"].push_back(fault(FaultCode::kHttpStatus, false, 404));
  const std::string id = add_batch({"https://a/gone.jpg", "https://a/bad.jpg"});
  start();
  run_until([&] { return became_final == 1; });
  EXPECT_EQ(batch(id).state, BatchState::kFailed);
  EXPECT_EQ(batch(id).counts.failed, 2U);
  EXPECT_EQ(fetcher.asked.size(), 2U);
}

TEST_F(EngineTest, ARetryableFaultIsTriedThreeTimesWithPausesInTheDatabase) {
  for (int i = 0; i < 3; ++i) {
    fetcher.scripts["https://a/one.jpg"].push_back(fault(FaultCode::kHttpStatus, true, 503));
  }
  const std::string id = add_batch({"https://a/one.jpg"});
  start();
  for (std::size_t tries = 1; tries <= 3; ++tries) {
    run_until([&] { return fetcher.asked.size() == tries; });
  }
  run_until([&] { return became_final == 1; });
  EXPECT_EQ(batch(id).state, BatchState::kFailed);
  EXPECT_EQ(fetcher.asked.size(), 3U);
}

TEST_F(EngineTest, ASecondTryThatWorksIsASuccess) {
  fetcher.scripts["https://a/one.jpg"].push_back(fault(FaultCode::kTimeout, true));
  const std::string id = add_batch({"https://a/one.jpg"});
  start();
  run_until([&] { return final(id); });
  EXPECT_EQ(batch(id).state, BatchState::kCompleted);
}

TEST_F(EngineTest, AFullStoreIsTriedAgain) {
  objects.fail_next(FakeStore::Verb::kPut, {ErrorCode::kNoSpace, "full", ""});
  objects.fail_next(FakeStore::Verb::kMakeDurable, {ErrorCode::kNoSpace, "full", ""});
  const std::string id = add_batch({"https://a/one.jpg"});
  start();
  run_until([&] { return final(id); });
  EXPECT_EQ(batch(id).state, BatchState::kCompleted);
  EXPECT_EQ(fetcher.asked.size(), 3U);
}

TEST_F(EngineTest, OutcomesWaitForADatabaseThatFails) {
  db.fail_next({ErrorCode::kNoSpace, "full", ""}, "finish_images");
  const std::string id = add_batch({"https://a/one.jpg"});
  start();
  run_until([&] { return final(id); });
  EXPECT_EQ(batch(id).state, BatchState::kCompleted);
  EXPECT_EQ(fetcher.asked.size(), 1U);
}

TEST_F(EngineTest, ASmallBatchIsNotHeldUpByALargeOne) {
  fetcher.hold = true;
  std::vector<std::string> many;
  for (int i = 0; i < 500; ++i) many.push_back(fmt::format("https://slow/{}.jpg", i));
  add_batch(many);
  start();
  run_until([&] { return fetcher.held.size() >= 32; });
  const std::string small = add_batch({"https://fast/1.jpg", "https://fast/2.jpg"});
  engine.nudge();
  run_until([&] {
    return std::ranges::find(fetcher.asked, "https://fast/2.jpg") != fetcher.asked.end();
  });
  EXPECT_LT(fetcher.asked.size(), 100U);
  fetcher.let_go();
  run_until([&] { return final(small); });
}

TEST_F(EngineTest, StopFinishesWhatIsUnderWayAndGivesBackTheRest) {
  fetcher.hold = true;
  std::vector<std::string> many;
  for (int i = 0; i < 200; ++i) many.push_back(fmt::format("https://a/{}.jpg", i));
  const std::string id = add_batch(many);
  start();
  run_until([&] { return fetcher.held.size() >= 32; });
  const std::size_t under_way = fetcher.held.size();
  engine.stop();
  run_until([&] {
    if (!fetcher.held.empty()) fetcher.let_go();
    return ended;
  });
  EXPECT_EQ(batch(id).counts.processed, under_way);
  const auto leases = db.lease_images("next", 1'000, {}, clock.now(), clock.now() + 30s);
  std::size_t left = 0;
  for (const Lease& lease : *leases) left += lease.images.size();
  EXPECT_EQ(left, 200 - under_way);
}

TEST_F(EngineTest, WhatAStoppedFetcherBreaksOffUsesUpNoTry) {
  fetcher.hold = true;
  const std::string id = add_batch({"https://a/one.jpg"});
  start();
  run_until([&] { return fetcher.held.size() == 1; });
  engine.stop();
  fetcher.held[0].first = fault(FaultCode::kCancelled, true);
  fetcher.let_go();
  run_until([&] { return ended; });
  EXPECT_EQ(batch(id).counts.processed, 0U);
  const auto leases = db.lease_images("next", 10, {}, clock.now(), clock.now() + 30s);
  ASSERT_EQ(leases->size(), 1U);
  EXPECT_EQ(leases->at(0).images.at(0).tries, 0U);
}

TEST_F(EngineTest, ACancelledBatchIsBrokenOffAndFinalAtOnce) {
  fetcher.hold = true;
  std::vector<std::string> many;
  for (int i = 0; i < 200; ++i) many.push_back(fmt::format("https://a/{}.jpg", i));
  const std::string id = add_batch(many);
  start();
  run_until([&] { return fetcher.held.size() >= 32; });
  const std::size_t asked = fetcher.asked.size();
  const BatchKey key = batch(id).key;
  ASSERT_TRUE(db.cancel_batch(key, clock.now()));
  engine.drop(key);
  run_until([&] { return became_final == 1; });
  EXPECT_EQ(batch(id).state, BatchState::kCancelled);
  EXPECT_EQ(batch(id).counts.processed, 0U);
  EXPECT_EQ(fetcher.asked.size(), asked);
  EXPECT_EQ(fetcher.dropped, std::vector<std::int64_t>{key});
}

TEST_F(EngineTest, WhatIsFetchedAlreadyEndsInItsOwnWayAfterACancel) {
  fetcher.hold = true;
  const std::string id = add_batch({"https://a/one.jpg"});
  start();
  run_until([&] { return fetcher.held.size() == 1; });
  ASSERT_TRUE(db.cancel_batch(batch(id).key, clock.now()));
  fetcher.let_go();
  run_until([&] { return final(id); });
  EXPECT_EQ(batch(id).state, BatchState::kCancelled);
  EXPECT_EQ(batch(id).counts.processed, 1U);
  EXPECT_EQ(objects.keys().size(), 1U);
}

TEST_F(EngineTest, WhatIsBrokenOffThoughNothingWasCancelledIsRunAgain) {
  fetcher.hold = true;
  const std::string id = add_batch({"https://a/one.jpg"});
  start();
  run_until([&] { return fetcher.held.size() == 1; });
  fetcher.hold = false;
  engine.drop(batch(id).key);
  run_until([&] { return final(id); });
  EXPECT_EQ(batch(id).state, BatchState::kCompleted);
  EXPECT_EQ(fetcher.asked.size(), 2U);
}

TEST_F(EngineTest, ARetriedBatchIsRunFromTheStart) {
  fetcher.scripts["https://a/one.jpg"].push_back(fault(FaultCode::kHttpStatus, false, 404));
  const std::string id = add_batch({"https://a/one.jpg", "https://a/two.jpg"});
  start();
  run_until([&] { return became_final == 1; });
  ASSERT_TRUE(db.retry_batch(batch(id).key, clock.now()));
  engine.nudge();
  run_until([&] { return became_final == 2; });
  EXPECT_EQ(batch(id).counts.failed, 0U);
  EXPECT_EQ(fetcher.asked.size(), 3U);
}

}  // namespace
}  // namespace imgmill
