// A full or broken disk, and many threads: what the engine answers, and that it goes on.
#include <atomic>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "db/contract_suite.h"
#include "db/sqlite/faulty_disk.h"
#include "db/sqlite/sqlite_db.h"
#include "db/sqlite/temp_folder.h"

namespace imgmill {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

class SqliteFaults : public testing::Test {
 protected:
  [[nodiscard]] Result<std::unique_ptr<SqliteDb>> try_open() {
    return SqliteDb::open({.file = folder_ / "db", .vfs = FaultyDisk::kVfs}, clock_);
  }

  void SetUp() override {
    auto opened = try_open();
    ASSERT_TRUE(opened) << describe(opened.error());
    db_ = *std::move(opened);
  }

  Result<void> append(BatchKey batch, std::uint32_t first, std::uint32_t count) {
    std::vector<std::string> urls;
    for (std::uint32_t i = 0; i < count; ++i) urls.push_back(url_of(first + i));
    std::vector<NewImage> images;
    std::vector<NewPlacement> placements;
    for (std::uint32_t i = 0; i < count; ++i) {
      images.push_back({urls[i]});
      placements.push_back({.row = first + i + 1, .position = 1, .image = first + i});
    }
    return db_->append_images(batch, images, placements);
  }

  BatchKey open(std::string_view id) {
    return db_->open_batch({.request_id = std::string(id), .csv_key = "c"}, clock_.now()).value();
  }

  BatchKey seal(std::string_view id, std::uint32_t images) {
    const BatchKey batch = open(id);
    EXPECT_TRUE(append(batch, 0, images));
    EXPECT_TRUE(db_->seal_batch(batch, clock_.now()));
    return batch;
  }

  Result<std::vector<Lease>> lease(std::uint32_t images) {
    return db_->lease_images("test", images, {}, clock_.now(), clock_.now() + kLease);
  }

  BatchCounts counts(std::string_view id) { return db_->find_batch(id).value().value().counts; }

  TempFolder folder_;
  FaultyDisk disk_;
  ManualClock clock_;
  std::unique_ptr<SqliteDb> db_;
};

TEST_F(SqliteFaults, EveryWritingVerbSaysThatTheDiskIsFullAndGoesOnWhenThereIsRoom) {
  const BatchKey receiving = open("receiving");
  ASSERT_TRUE(append(receiving, 0, 10));
  seal("a", 40);
  const std::vector<Lease> held = lease(1).value();

  disk_.fail_writes(SQLITE_FULL);
  const auto code = [](const auto& result) {
    return result ? std::nullopt : std::optional(result.error().code);
  };
  constexpr auto kFull = ErrorCode::kNoSpace;
  EXPECT_EQ(code(db_->open_batch({.request_id = "b", .csv_key = "c"}, clock_.now())), kFull);
  EXPECT_EQ(code(append(receiving, 10, 10)), kFull);
  EXPECT_EQ(code(db_->seal_batch(receiving, clock_.now())), kFull);
  EXPECT_EQ(code(db_->discard_batch(receiving)), kFull);
  EXPECT_EQ(code(lease(1)), kFull);
  EXPECT_EQ(code(db_->extend_leases({{held[0].id}}, clock_.now())), kFull);
  EXPECT_EQ(code(db_->finish_images(all_done(held), clock_.now())), kFull);
  EXPECT_EQ(code(db_->release_leases("test")), kFull);
  EXPECT_EQ(code(db_->check()), kFull);
  EXPECT_EQ(counts("a"), (BatchCounts{.placements = 40}));

  disk_.heal();
  EXPECT_TRUE(db_->check());
  EXPECT_EQ(db_->finish_images(all_done(held), clock_.now()).value().applied, 32U);
  EXPECT_THAT(images_of(lease(100).value()), SizeIs(8));
  ASSERT_TRUE(append(receiving, 10, 10));
  ASSERT_TRUE(db_->seal_batch(receiving, clock_.now()));
  EXPECT_EQ(counts("receiving").placements, 20U);
}

TEST_F(SqliteFaults, AnAppendCutOffInTheMiddleAddsNothing) {
  const BatchKey batch = open("a");
  ASSERT_TRUE(append(batch, 0, 100));
  disk_.fail_writes(SQLITE_FULL);
  // Larger than the page cache: it is written, and fails, long before its commit.
  EXPECT_EQ(append(batch, 100, 400'000).error().code, ErrorCode::kNoSpace);
  disk_.heal();
  ASSERT_TRUE(append(batch, 100, 20));
  ASSERT_TRUE(db_->seal_batch(batch, clock_.now()));
  EXPECT_EQ(counts("a").placements, 120U);
  EXPECT_THAT(images_of(lease(1'000).value()), SizeIs(120));
}

TEST_F(SqliteFaults, ACommitThatCannotBeSyncedDidNotHappen) {
  seal("a", 10);
  const std::vector<Lease> held = lease(10).value();
  disk_.fail_syncs();
  const auto failed = db_->finish_images(all_done(held), clock_.now());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kIo);
  EXPECT_EQ(counts("a").processed, 0U);
  disk_.heal();
  EXPECT_EQ(db_->finish_images(all_done(held), clock_.now()).value().applied, 10U);
  EXPECT_EQ(counts("a").processed, 10U);
}

TEST_F(SqliteFaults, AFailingCheckpointFailsNoVerb) {
  const BatchKey batch = open("a");
  disk_.fail_writes(SQLITE_IOERR_WRITE, DiskFile::kDatabase);
  for (std::uint32_t first = 0; first < 200'000; first += 20'000) {
    ASSERT_TRUE(append(batch, first, 20'000));
  }
  disk_.heal();
  ASSERT_TRUE(append(batch, 200'000, 20'000));
  ASSERT_TRUE(db_->seal_batch(batch, clock_.now()));
  db_.reset();
  db_ = try_open().value();
  EXPECT_EQ(counts("a").placements, 220'000U);
}

TEST_F(SqliteFaults, AFullDiskAtTheFirstStartIsToldAndLeavesNoHalfSchema) {
  const TempFolder other;
  disk_.fail_writes(SQLITE_FULL);
  const auto open = [&] {
    return SqliteDb::open({.file = other / "db", .vfs = FaultyDisk::kVfs}, clock_);
  };
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNoSpace);
  EXPECT_THAT(refused.error().detail, testing::HasSubstr((other / "db").native()));
  disk_.heal();
  EXPECT_TRUE(open());
}

// Four workers, a reader and somebody who appends: nothing is leased twice, counts are exact.
TEST_F(SqliteFaults, ManyThreadsDoEveryImageOnce) {
  constexpr std::uint32_t kImages = 2'000;
  seal("a", kImages);
  seal("b", kImages);
  std::atomic<std::uint32_t> applied{0};
  std::atomic<std::uint32_t> finals{0};
  std::atomic<bool> over{false};
  const auto work = [&] {
    for (;;) {
      const std::vector<Lease> leases = lease(64).value();
      if (leases.empty()) return;
      const auto report = db_->finish_images(all_done(leases), clock_.now()).value();
      EXPECT_EQ(report.fenced_off, 0U);
      applied += report.applied;
      finals += static_cast<std::uint32_t>(report.final_batches.size());
    }
  };
  std::jthread reader([&] {
    std::uint64_t before = 0;
    while (!over) {
      const std::uint64_t processed = counts("a").processed;
      EXPECT_GE(processed, before);
      before = processed;
    }
  });
  std::jthread appender([&] {
    const BatchKey batch = open("c");
    for (std::uint32_t first = 0; first < 5'000; first += 500) {
      EXPECT_TRUE(append(batch, first, 500));
    }
  });
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i) workers.emplace_back(work);
  }
  over = true;
  EXPECT_EQ(applied, 2 * kImages);
  EXPECT_EQ(finals, 2U);
  EXPECT_EQ(counts("a").processed, kImages);
  EXPECT_EQ(counts("b").processed, kImages);
}

}  // namespace
}  // namespace imgmill
