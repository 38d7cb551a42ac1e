// What opening a file does with files that are new, newer, foreign, damaged or out of reach.
#include "db/sqlite/schema.h"

#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "db/sqlite/sqlite_db.h"
#include "db/sqlite/temp_folder.h"

namespace imgmill {
namespace {

using sqlite::Connection;
using testing::HasSubstr;
using testing::Not;

class SqliteSchema : public testing::Test {
 protected:
  [[nodiscard]] Result<void> open(const std::filesystem::path& file) {
    TRY_VOID(SqliteDb::open({.file = file, .busy_timeout = std::chrono::milliseconds(1)}, clock_));
    return {};
  }

  void execute(std::string_view sql) {
    ASSERT_TRUE(Connection::open(file_, {}).value().execute(sql));
  }

  [[nodiscard]] std::string ask(std::string_view sql) {
    Connection connection = Connection::open(file_, {}).value();
    auto statement = connection.prepare_once(sql).value();
    return statement.step().value() ? std::string(statement.text(0)) : "";
  }

  TempFolder folder_;
  std::filesystem::path file_ = folder_ / "db";
  ManualClock clock_;
};

TEST_F(SqliteSchema, ANewFileGetsEveryMigrationOnce) {
  ASSERT_TRUE(open(file_));
  ASSERT_TRUE(open(file_));
  const std::string migrations = std::to_string(sqlite::kMigrations.size());
  EXPECT_EQ(ask("SELECT count(*) FROM migrations"), migrations);
  EXPECT_EQ(ask("SELECT max(version) FROM migrations"), migrations);
  EXPECT_EQ(ask("SELECT min(length(sha256)) FROM migrations"), "64");
  EXPECT_EQ(ask("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
}

TEST_F(SqliteSchema, TwoThatStartTogetherMigrateOnce) {
  const auto open_patiently = [this] { EXPECT_TRUE(SqliteDb::open({.file = file_}, clock_)); };
  {
    const std::jthread one(open_patiently);
    const std::jthread other(open_patiently);
  }
  EXPECT_EQ(ask("SELECT count(*) FROM migrations"), std::to_string(sqlite::kMigrations.size()));
}

TEST_F(SqliteSchema, AFileOfAnOlderVersionIsBroughtUpToDateWithWhatItHolds) {
  const auto& first = sqlite::kMigrations.front();
  execute(first.sql);
  execute("PRAGMA application_id = 1768779116");
  execute(
      "CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
      " sha256 TEXT NOT NULL, applied_us INTEGER NOT NULL) STRICT");
  execute("INSERT INTO migrations VALUES (1, '0001_first', '" + to_hex(sha256(first.sql)) +
          "', 0)");
  execute(
      "INSERT INTO batches (request_id, quality, csv_key, created_us, updated_us)"
      " VALUES ('old', 50, 'c', 0, 0)");
  ASSERT_TRUE(open(file_));
  auto db = SqliteDb::open({.file = file_}, clock_);
  ASSERT_TRUE(db);
  const auto found = (*db)->find_receiving(Time::max()).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].recipe, Recipe{.quality = 50});
}

TEST_F(SqliteSchema, ANewerVersionIsRefusedAndBothVersionsAreNamed) {
  ASSERT_TRUE(open(file_));
  execute("INSERT INTO migrations VALUES (99, '0099_later', 'x', 0)");
  const Result<void> refused = open(file_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().text, HasSubstr("version 99"));
  EXPECT_THAT(refused.error().text,
              HasSubstr("version " + std::to_string(sqlite::kMigrations.back().version)));
  EXPECT_THAT(refused.error().detail, HasSubstr(file_.native()));
}

TEST_F(SqliteSchema, AMigrationThatWasChangedIsRefused) {
  ASSERT_TRUE(open(file_));
  execute("UPDATE migrations SET sha256 = 'other' WHERE version = 1");
  EXPECT_EQ(open(file_).error().code, ErrorCode::kCorrupt);
}

TEST_F(SqliteSchema, AnotherProgramsDatabaseIsRefusedAndLeftAlone) {
  execute("CREATE TABLE theirs (x)");
  EXPECT_EQ(open(file_).error().code, ErrorCode::kConflict);
  EXPECT_EQ(ask("SELECT group_concat(name) FROM sqlite_schema"), "theirs");
  EXPECT_EQ(ask("PRAGMA journal_mode"), "delete");
}

TEST_F(SqliteSchema, WhatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string text(4096, 'x');
  std::ofstream(file_) << text;
  EXPECT_EQ(open(file_).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(std::filesystem::file_size(file_), text.size());
}

TEST_F(SqliteSchema, ADamagedDatabaseIsTold) {
  ASSERT_TRUE(open(file_));
  std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(static_cast<std::size_t>(std::filesystem::file_size(file_)) - 4096, '\x7f');
  file.close();
  EXPECT_EQ(open(file_).error().code, ErrorCode::kCorrupt);
}

TEST_F(SqliteSchema, AFileOutOfReachIsToldWithoutItsPath) {
  std::ofstream(folder_ / "file") << "x";
  for (const auto& path : {folder_ / "missing" / "db", folder_ / "file" / "db", folder_ / ""}) {
    const Result<void> refused = open(path);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kIo);
    EXPECT_THAT(refused.error().text, HasSubstr("must exist"));
    EXPECT_THAT(refused.error().text, Not(HasSubstr(path.native())));
    EXPECT_THAT(refused.error().detail, HasSubstr(path.native()));
  }
}

TEST_F(SqliteSchema, ADatabaseThatSomebodyHoldsIsBusy) {
  ASSERT_TRUE(open(file_));
  Connection holder = Connection::open(file_, {}).value();
  ASSERT_TRUE(holder.execute("BEGIN IMMEDIATE"));
  EXPECT_EQ(open(file_).error().code, ErrorCode::kUnavailable);
}

// The CHECKs are the state machine: what breaks it is refused by the file itself.
TEST_F(SqliteSchema, TheChecksKeepTheStateMachine) {
  ASSERT_TRUE(open(file_));
  execute(
      "INSERT INTO batches (request_id, quality, csv_key, created_us, updated_us, images,"
      " images_left, placements) VALUES ('a', 50, 'c', 0, 0, 2, 2, 2)");
  Connection connection = Connection::open(file_, {}).value();
  for (const std::string_view bad : {
           "UPDATE batches SET state = 'done'",
           "UPDATE batches SET state = 'completed'",
           "UPDATE batches SET state = 'completed', finished_us = 1",
           "UPDATE batches SET state = 'sealed', images_left = 0",
           "UPDATE batches SET finished_us = 1",
           "UPDATE batches SET processed = 3",
           "UPDATE batches SET failed = 1",
           "UPDATE batches SET images_done = 1",
           "UPDATE batches SET images_left = -1",
           "UPDATE batches SET quality = 101",
           "UPDATE batches SET format = 'bmp'",
           "UPDATE batches SET max_width = 16385",
           "UPDATE batches SET max_height = -1",
           "UPDATE batches SET auto_quality = 2",
           "UPDATE batches SET max_bytes = 1023",
           "UPDATE batches SET max_bytes = 1073741825",
           "INSERT INTO outcomes (batch, image, state, tries) VALUES (1, 0, 'done', 1)",
           "INSERT INTO outcomes (batch, image, state, tries) VALUES (1, 0, 'failed', 1)",
           "INSERT INTO chunks (batch, first_image, images_left) VALUES (1, 0, 0)",
       }) {
    EXPECT_FALSE(connection.execute(bad)) << bad;
  }
  EXPECT_TRUE(connection.execute("UPDATE batches SET state = 'sealed'"));
}

}  // namespace
}  // namespace imgmill
