#include "db/sqlite/connection.h"

#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace imgmill::sqlite {
namespace {

struct Meaning {
  ErrorCode code;
  const char* text;
};

Meaning meaning_of(int extended_code, int errno_of_system) {
  if (errno_of_system == ENOSPC || errno_of_system == EDQUOT) {
    return {ErrorCode::kNoSpace, "the disk is full"};
  }
  switch (extended_code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::kNoSpace, "the disk is full"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable, "the database is busy"};
    case SQLITE_NOMEM:
      return {ErrorCode::kUnavailable, "the database is out of memory"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt, "the database is damaged"};
    case SQLITE_CANTOPEN:
      return {ErrorCode::kIo, "the database cannot be opened"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {ErrorCode::kIo, "the database cannot be written"};
    case SQLITE_IOERR:
      return {ErrorCode::kIo, "the database cannot be read or written"};
    default:
      return {ErrorCode::kInternal, "the database refused a query"};
  }
}

}  // namespace

std::unexpected<Error> fail_sqlite(sqlite3* db) {
  const int code = sqlite3_extended_errcode(db);
  // The system's error number stays from earlier calls: it counts for I/O errors only.
  const int errno_of_system = (code & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(db) : 0;
  const Meaning meaning = meaning_of(code, errno_of_system);
  return fail(meaning.code, meaning.text, fmt::format("SQLite {}: {}", code, sqlite3_errmsg(db)));
}

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}

void Statement::bind_one(int index, std::string_view text) {
  // An empty view may hold a null pointer, which SQLite would take for NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto failure = fail_sqlite(db_);
  reset();
  return failure;
}

Result<void> Statement::run() {
  for (;;) {
    TRY(const bool row, step());
    if (row) continue;
    reset();
    return {};
  }
}

void Statement::reset() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<Connection> Connection::open(const std::filesystem::path& file, const std::string& vfs) {
  Connection connection;
  sqlite3* db = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                         SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  const int code = sqlite3_open_v2(file.c_str(), &db, kFlags, vfs.empty() ? nullptr : vfs.c_str());
  connection.db_.reset(db);
  if (code != SQLITE_OK || sqlite3_db_readonly(db, "main") == 1) {
    const std::string reason = code == SQLITE_OK ? "it is read-only" : sqlite3_errmsg(db);
    return fail(ErrorCode::kIo,
                "the database cannot be opened for writing: its folder must exist, and the folder "
                "and the file must be writable",
                fmt::format("{}: {}", file.native(), reason));
  }
  return connection;
}

void Connection::set_busy_timeout(std::chrono::milliseconds timeout) {
  sqlite3_busy_timeout(db_.get(), static_cast<int>(timeout.count()));
}

Result<Connection::Prepared> Connection::prepare(std::string_view sql, unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), flags,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return fail_sqlite(db_.get());
  return Prepared(statement);
}

Result<Statement> Connection::query(Query query) {
  const auto index = static_cast<std::size_t>(query);
  if (!prepared_[index]) {
    TRY(prepared_[index], prepare(kQueryTexts[index], SQLITE_PREPARE_PERSISTENT));
  }
  return Statement(db_.get(), prepared_[index].get());
}

Result<Statement> Connection::prepare_once(std::string_view sql) {
  TRY(once_, prepare(sql, 0));
  return Statement(db_.get(), once_.get());
}

Result<void> Connection::execute(std::string_view sql) {
  const std::string ended(sql);
  const int code = sqlite3_exec(db_.get(), ended.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail_sqlite(db_.get());
  return {};
}

}  // namespace imgmill::sqlite
