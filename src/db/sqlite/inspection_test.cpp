#include "db/sqlite/inspection.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "db/sqlite/sqlite_db.h"
#include "db/sqlite/temp_folder.h"

namespace imgmill {
namespace {

namespace fs = std::filesystem;

class InspectionTest : public testing::Test {
 protected:
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(file_.parent_path())) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  TempFolder folder_;
  const fs::path file_ = folder_ / "what? 100%#.db";
  SystemClock clock_;
};

TEST_F(InspectionTest, SeesTheVersionWhileItIsWorkedOn) {
  const auto db = SqliteDb::open({.file = file_}, clock_);
  ASSERT_TRUE(db) << describe(db.error());
  const auto state = inspect_database(file_);
  ASSERT_TRUE(state) << describe(state.error());
  EXPECT_EQ(state->version, state->newest);
  EXPECT_GT(state->newest, 0);
}

TEST_F(InspectionTest, LeavesNothingBeside) {
  ASSERT_TRUE(SqliteDb::open({.file = file_}, clock_));
  const auto before = names();
  ASSERT_TRUE(inspect_database(file_));
  EXPECT_EQ(names(), before);
  EXPECT_EQ(before.size(), 1U);
}

TEST_F(InspectionTest, MakesNoFile) {
  const auto state = inspect_database(file_);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, ErrorCode::kIo);
  EXPECT_TRUE(names().empty());
}

TEST_F(InspectionTest, AnEmptyFileHasNoVersionYet) {
  std::ofstream{file_};
  EXPECT_EQ(inspect_database(file_)->version, 0);
}

TEST_F(InspectionTest, AnotherFileIsNoDatabaseOfOurs) {
  std::ofstream(file_) << std::string(4'096, 'x');
  EXPECT_EQ(inspect_database(file_).error().code, ErrorCode::kCorrupt);
  fs::remove(file_);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "CREATE TABLE t (a)", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_EQ(inspect_database(file_).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace imgmill
