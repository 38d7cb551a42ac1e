#include "db/contract_suite.h"
#include "db/sqlite/sqlite_db.h"
#include "db/sqlite/temp_folder.h"

namespace imgmill {
namespace {

class SqliteUnderTest : public DbUnderTest {
 public:
  Db& db() override {
    if (!db_) open();
    return *db_;
  }

 protected:
  void open() {
    db_.reset();
    Result<std::unique_ptr<SqliteDb>> opened = SqliteDb::open({.file = folder_ / "db"}, clock_);
    if (!opened) ADD_FAILURE() << describe(opened.error());
    db_ = std::move(opened).value();
  }

 private:
  TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<SqliteDb> db_;
};

// Whatever one verb did is in the file when the next begins.
class SqliteReopened final : public SqliteUnderTest {
 public:
  Db& db() override {
    open();
    return SqliteUnderTest::db();
  }
};

template <class Engine>
std::unique_ptr<DbUnderTest> make() {
  return std::make_unique<Engine>();
}

INSTANTIATE_TEST_SUITE_P(Sqlite, DbContract,
                         testing::Values(DbEngine{"Kept", make<SqliteUnderTest>},
                                         DbEngine{"Reopened", make<SqliteReopened>}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace imgmill
