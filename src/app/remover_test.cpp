#include "app/remover.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "db/fake/fake_db.h"
#include "objects/fake/fake_store.h"

namespace imgmill {
namespace {

class RemoverTest : public testing::Test {
 protected:
  void add_deleting(const std::string& id) {
    const std::string csv_key = "uploads/" + id + ".csv";
    ASSERT_TRUE(objects.put(csv_key, {}));
    const BatchKey key = *db.open_batch({.request_id = id, .csv_key = csv_key}, Time{});
    ASSERT_TRUE(db.seal_batch(key, Time{}));
    ASSERT_TRUE(db.begin_deletion(key));
  }
  void add_final(const std::string& id) {
    const std::string csv_key = "uploads/" + id + ".csv";
    ASSERT_TRUE(objects.put(csv_key, {}));
    const BatchKey key = *db.open_batch({.request_id = id, .csv_key = csv_key}, clock.now());
    ASSERT_TRUE(db.seal_batch(key, clock.now()));
  }

  // Runs it until it has nothing more to do for now.
  void run() {
    bool ended = false;
    asio::co_spawn(context, remover.run(), [&ended](const std::exception_ptr& bug) {
      EXPECT_FALSE(bug);
      ended = true;
    });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    const auto work_left = [&] {
      return objects.calls(FakeStore::Verb::kRemove) < removals_wanted;
    };
    while (work_left()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      context.run_one();
    }
    remover.stop();
    while (!ended) context.run_one();
  }

  FakeDb db;
  FakeStore objects;
  asio::io_context context{1};
  asio::thread_pool blocking{1};
  ManualClock clock;
  Remover remover{{db, objects, clock, blocking}, std::chrono::hours(1), context.get_executor()};
  int removals_wanted = 0;
};

TEST_F(RemoverTest, FinishesWhatWasLeftAndGoesOnAfterAFailure) {
  add_deleting("a");
  add_deleting("b");
  removals_wanted = 2;
  objects.fail_next(FakeStore::Verb::kRemove, {ErrorCode::kIo, "no", ""});
  run();
  EXPECT_EQ(objects.keys(), std::vector<std::string>{"uploads/a.csv"});
  const auto left = db.find_deleting();
  ASSERT_GE(left->size(), 1U);
  EXPECT_EQ(left->front().request_id, "a");
}

TEST_F(RemoverTest, DeletesWhatHadItsTime) {
  add_final("old");
  add_final("older");
  clock.advance(std::chrono::minutes(61));
  add_final("young");
  removals_wanted = 2;
  run();
  EXPECT_EQ(objects.keys(), std::vector<std::string>{"uploads/young.csv"});
}

TEST_F(RemoverTest, StopsWhenThereIsNothingToDo) {
  run();
  EXPECT_EQ(objects.calls(FakeStore::Verb::kRemove), 0);
}

}  // namespace
}  // namespace imgmill
