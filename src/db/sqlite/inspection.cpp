#include "db/sqlite/inspection.h"

#include <memory>
#include <string>

#include <fmt/format.h>
#include <sqlite3.h>

#include "db/sqlite/connection.h"
#include "db/sqlite/schema.h"

namespace imgmill {
namespace {

using Database = std::unique_ptr<sqlite3, decltype([](sqlite3* db) { sqlite3_close_v2(db); })>;

// Without a log there is nothing but the file, and no need of the shared memory beside it, which
// would be made anew, and perhaps by the wrong user.
std::string uri_of(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : file.native()) {
    uri += c == '?' || c == '#' || c == '%' ? fmt::format("%{:02X}", static_cast<unsigned char>(c))
                                            : std::string(1, c);
  }
  std::error_code error;
  const bool has_log = std::filesystem::exists(file.native() + "-wal", error);
  return uri + (has_log ? "?mode=ro" : "?mode=ro&immutable=1");
}

Result<std::int64_t> ask(sqlite3* db, const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &prepared, nullptr) != SQLITE_OK) {
    return sqlite::fail_sqlite(db);
  }
  const std::unique_ptr<sqlite3_stmt, decltype([](sqlite3_stmt* s) { sqlite3_finalize(s); })> owner(
      prepared);
  const int code = sqlite3_step(prepared);
  if (code != SQLITE_ROW && code != SQLITE_DONE) return sqlite::fail_sqlite(db);
  return code == SQLITE_ROW ? sqlite3_column_int64(prepared, 0) : 0;
}

}  // namespace

Result<DatabaseState> inspect_database(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(uri_of(file).c_str(), &opened, kFlags, nullptr);
  const Database db(opened);
  if (code != SQLITE_OK) {
    return fail(ErrorCode::kIo, "the database cannot be opened", sqlite3_errmsg(opened));
  }
  constexpr int kBusyMs = 1'000;
  sqlite3_busy_timeout(db.get(), kBusyMs);
  TRY(const std::int64_t tables, ask(db.get(), "SELECT count(*) FROM sqlite_schema"));
  DatabaseState state{.version = 0, .newest = sqlite::kMigrations.back().version};
  if (tables == 0) return state;
  TRY(const std::int64_t owner, ask(db.get(), "PRAGMA application_id"));
  if (owner != sqlite::kApplicationId) {
    return fail(ErrorCode::kConflict, "the database file belongs to another program");
  }
  TRY(state.version, ask(db.get(), "SELECT coalesce(max(version), 0) FROM migrations"));
  constexpr std::int64_t kWithKeys = 5;
  if (state.version < kWithKeys) return state;
  TRY(state.keys, ask(db.get(), "SELECT count(*) FROM keys"));
  TRY(state.valid_keys, ask(db.get(), "SELECT count(*) FROM keys WHERE revoked_us IS NULL"));
  return state;
}

}  // namespace imgmill
