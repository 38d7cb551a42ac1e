// Verbs that work slice by slice: with more than a slice, and broken off after their first step, as
// by a kill.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/contract_suite.h"
#include "db/sqlite/sqlite_db.h"
#include "db/sqlite/temp_folder.h"
#include "db/sqlite/verbs.h"

namespace imgmill {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kMany = 2 * sqlite::kSlice + 100;

class SqliteSlices : public testing::Test {
 protected:
  SqliteSlices() { open(); }

  void open() { db_ = SqliteDb::open({.file = file_}, clock_).value(); }

  BatchKey seal(std::uint32_t images) {
    const BatchKey batch = db_->open_batch({.request_id = "a", .csv_key = "c"}, Time{}).value();
    const std::vector<NewImage> urls(images, NewImage{"https://origin/x.jpg"});
    std::vector<NewPlacement> places(images);
    for (std::uint32_t i = 0; i < images; ++i)
      places[i] = {.row = i + 1, .position = 1, .image = i};
    db_->append_images(batch, urls, places).value();
    db_->seal_batch(batch, Time{}).value();
    return batch;
  }

  void fail_all() {
    for (;;) {
      std::vector<Outcome> outcomes;
      for (const Lease& lease : lease_some()) {
        for (const LeasedImage& image : lease.images)
          outcomes.push_back(failed(lease, image.image));
      }
      if (outcomes.empty()) return;
      db_->finish_images(outcomes, clock_.now()).value();
    }
  }

  std::vector<Lease> lease_some() {
    const Time now = clock_.now();
    return db_->lease_images("one", 10'000, {}, now, now + kLease).value();
  }

  Batch batch() { return db_->find_batch("a").value().value(); }

  // Runs it in a transaction of its own while the database is closed, and opens it again.
  template <class Step>
  void do_one_step(Step step) {
    db_.reset();
    {
      sqlite::Connection connection = sqlite::Connection::open(file_, {}).value();
      connection.execute("BEGIN").value();
      step(connection);
      connection.execute("COMMIT").value();
    }
    open();
  }

  TempFolder folder_;
  std::filesystem::path file_ = folder_ / "db";
  ManualClock clock_;
  std::unique_ptr<SqliteDb> db_;
};

TEST_F(SqliteSlices, RetryAndCancelOfMany) {
  const BatchKey key = seal(kMany);
  fail_all();
  EXPECT_EQ(batch().state, BatchState::kFailed);
  ASSERT_TRUE(db_->retry_batch(key, clock_.now()));
  EXPECT_EQ(batch().counts.processed, 0U);
  const std::vector<Lease> leases = lease_some();
  ASSERT_TRUE(db_->cancel_batch(key, clock_.now()));
  EXPECT_EQ(batch().state, BatchState::kSealed);
  EXPECT_EQ(db_->finish_images(all_done(leases), clock_.now()).value().final_batches.size(), 1U);
  EXPECT_EQ(batch().state, BatchState::kCancelled);
  EXPECT_EQ(batch().counts.processed, images_of(leases).size());
}

TEST_F(SqliteSlices, DeletionOfManyTakesSeveralSteps) {
  const BatchKey key = seal(kMany);
  ASSERT_TRUE(db_->cancel_batch(key, clock_.now()));
  ASSERT_TRUE(db_->begin_deletion(key));
  int steps = 1;
  while (!db_->erase_slice(key).value()) ++steps;
  EXPECT_EQ(steps, 3 * 3 + 1);
  EXPECT_THAT(db_->find_deleting().value(), IsEmpty());
}

TEST_F(SqliteSlices, ARetryThatWasBrokenOffIsGoneOnWith) {
  const BatchKey key = seal(kMany);
  fail_all();
  do_one_step([&](sqlite::Connection& connection) {
    const auto counted = sqlite::count_retriable(connection, key).value();
    sqlite::begin_retry(connection, key, counted, clock_.now()).value();
  });
  EXPECT_EQ(batch().counts.processed, 0U);
  EXPECT_EQ(db_->retry_batch(key, clock_.now()).error().code, ErrorCode::kConflict);
  std::vector<std::uint32_t> seen(kMany, 0);
  for (auto leases = lease_some(); !leases.empty(); leases = lease_some()) {
    for (const std::uint32_t image : images_of(leases)) ++seen.at(image);
    db_->finish_images(all_done(leases), clock_.now()).value();
  }
  EXPECT_THAT(seen, Each(1U));
  EXPECT_EQ(batch().state, BatchState::kCompleted);
  EXPECT_EQ(batch().counts.failed, 0U);
}

TEST_F(SqliteSlices, ARetryThatWasBrokenOffIsCancelledWhole) {
  const BatchKey key = seal(kMany);
  fail_all();
  do_one_step([&](sqlite::Connection& connection) {
    const auto counted = sqlite::count_retriable(connection, key).value();
    sqlite::begin_retry(connection, key, counted, clock_.now()).value();
    EXPECT_TRUE(sqlite::retry_slice(connection, key).value());
  });
  ASSERT_TRUE(db_->cancel_batch(key, clock_.now()));
  EXPECT_EQ(batch().state, BatchState::kCancelled);
  EXPECT_EQ(batch().counts.processed, 0U);
}

TEST_F(SqliteSlices, ACancelThatWasBrokenOffIsGoneOnWith) {
  const BatchKey key = seal(kMany);
  do_one_step([&](sqlite::Connection& connection) {
    sqlite::mark_cancelled(connection, key, clock_.now()).value();
  });
  for (int turns = 0; batch().state == BatchState::kSealed; ++turns) {
    ASSERT_LT(turns, 10);
    EXPECT_THAT(lease_some(), IsEmpty());
  }
  EXPECT_EQ(batch().state, BatchState::kCancelled);
}

TEST_F(SqliteSlices, ARetryAndACancelBrokenOffTogetherEndAsCancelled) {
  const BatchKey key = seal(kMany);
  fail_all();
  do_one_step([&](sqlite::Connection& connection) {
    const auto counted = sqlite::count_retriable(connection, key).value();
    sqlite::begin_retry(connection, key, counted, clock_.now()).value();
    sqlite::mark_cancelled(connection, key, clock_.now()).value();
  });
  for (int turns = 0; batch().state == BatchState::kSealed; ++turns) {
    ASSERT_LT(turns, 10);
    EXPECT_THAT(lease_some(), IsEmpty());
  }
  EXPECT_EQ(batch().counts.processed, 0U);
}

}  // namespace
}  // namespace imgmill
