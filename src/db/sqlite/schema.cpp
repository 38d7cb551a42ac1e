#include "db/sqlite/schema.h"

#include <string>

#include <fmt/format.h>

#include "base/crypto.h"

namespace imgmill::sqlite {
namespace {

constexpr int kNewestVersion = kMigrations.back().version;

constexpr std::string_view kCreateMigrations =
    "CREATE TABLE IF NOT EXISTS migrations ("
    "  version    INTEGER PRIMARY KEY,"
    "  name       TEXT    NOT NULL,"
    "  sha256     TEXT    NOT NULL,"
    "  applied_us INTEGER NOT NULL) STRICT";

Result<std::int64_t> ask_integer(Connection& connection, std::string_view sql) {
  TRY(Statement statement, connection.prepare_once(sql));
  TRY(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

Result<void> check_owner(Connection& connection) {
  TRY(const std::int64_t id, ask_integer(connection, "PRAGMA application_id"));
  if (id == kApplicationId) return {};
  TRY(const std::int64_t tables, ask_integer(connection, "SELECT count(*) FROM sqlite_schema"));
  if (id == 0 && tables == 0) {
    return connection.execute(fmt::format("PRAGMA application_id = {}", kApplicationId));
  }
  return fail(ErrorCode::kConflict,
              "the database file belongs to another program: choose another data folder");
}

Result<void> check_version(Connection& connection) {
  TRY(const std::int64_t version,
      ask_integer(connection, "SELECT coalesce(max(version), 0) FROM migrations"));
  if (version <= kNewestVersion) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("the database has version {}, this program knows up to version {}: start "
                          "the newer program, or choose another data folder",
                          version, kNewestVersion));
}

// The checksum of the migration as it was applied; empty when it was not.
Result<std::string> applied_checksum(Connection& connection, int version) {
  TRY(Statement statement,
      connection.prepare_once("SELECT sha256 FROM migrations WHERE version = ?1"));
  TRY(const bool row, statement.bind(version).step());
  return std::string(row ? statement.text(0) : "");
}

Result<void> apply(Connection& connection, const Migration& migration, std::string_view checksum,
                   Time now) {
  TRY_VOID(connection.execute(migration.sql));
  TRY(Statement statement, connection.prepare_once("INSERT INTO migrations VALUES (?1,?2,?3,?4)"));
  return statement.bind(migration.version, migration.name, checksum, to_us(now)).run();
}

Result<void> bring_up_to_date(Connection& connection, Time now) {
  TRY_VOID(check_owner(connection));
  TRY_VOID(connection.execute(kCreateMigrations));
  TRY_VOID(check_version(connection));
  for (const Migration& migration : kMigrations) {
    const std::string checksum = to_hex(sha256(migration.sql));
    TRY(const std::string applied, applied_checksum(connection, migration.version));
    if (applied.empty()) {
      TRY_VOID(apply(connection, migration, checksum, now));
    } else if (applied != checksum) {
      return fail(ErrorCode::kCorrupt,
                  fmt::format("migration {} of the database is not the one this program has",
                              migration.name));
    }
  }
  return {};
}

Result<void> use_wal(Connection& connection) {
  TRY(Statement statement, connection.prepare_once("PRAGMA journal_mode = WAL"));
  TRY_VOID(statement.step());
  if (statement.text(0) == "wal") return {};
  return fail(ErrorCode::kIo,
              "the data folder's file system cannot share memory between programs, which the "
              "database needs: choose a folder on a local disk");
}

}  // namespace

Result<void> set_up_writer(Connection& connection) {
  TRY_VOID(use_wal(connection));
  // Checkpoints are the Writer's, after it has answered; so SQLite shall not do its own.
  return connection.execute(
      "PRAGMA synchronous = FULL;"
      "PRAGMA wal_autocheckpoint = 0;"
      "PRAGMA journal_size_limit = 67108864;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -16384;");
}

Result<void> set_up_reader(Connection& connection) {
  return connection.execute(
      "PRAGMA query_only = ON;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -4096;");
}

Result<void> migrate(Connection& connection, Time now) {
  TRY_VOID(connection.execute("BEGIN IMMEDIATE"));
  Result<void> done = bring_up_to_date(connection, now);
  if (done) done = connection.execute("COMMIT");
  if (!done && connection.in_transaction()) {
    // The first error is the one to tell.
    (void)connection.execute("ROLLBACK");
  }
  return done;
}

}  // namespace imgmill::sqlite
