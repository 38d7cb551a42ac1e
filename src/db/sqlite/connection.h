// One SQLite connection with its prepared queries. Nothing here knows what the queries mean.
//
// A Connection belongs to one thread at a time. Errors carry SQLite's own message in their private
// detail; the code says what it means to a caller (connection.cpp has the table).
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "base/error.h"
#include "db/sqlite/queries.h"

namespace imgmill::sqlite {

// A prepared query in use. Bind in order, then step; texts that were bound must outlive the steps.
// The query is reset when the Statement ends, so two of the same query cannot be in use at once.
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement() { reset(); }

  template <class... Values>
  Statement& bind(const Values&... values) {
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }

  // True: a row is there. False: the query is done. Resets after an error.
  [[nodiscard]] Result<bool> step();
  // Runs it to its end, without looking at rows, and makes it ready to be bound again.
  [[nodiscard]] Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  template <std::integral T>
  [[nodiscard]] T integer_as(int column) const {
    return static_cast<T>(integer(column));
  }
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  // Until the next step.
  [[nodiscard]] std::string_view text(int column) const;

 private:
  void bind_one(int index, std::integral auto value) {
    sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, std::string_view text);
  void bind_one(int index, std::nullopt_t) { sqlite3_bind_null(statement_, index); }
  template <class T>
  void bind_one(int index, const std::optional<T>& value) {
    value ? bind_one(index, *value) : bind_one(index, std::nullopt);
  }

  sqlite3* db_;
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  // kIo when the file cannot be opened; kCorrupt when it is no database.
  [[nodiscard]] static Result<Connection> open(const std::filesystem::path& file,
                                               const std::string& vfs);

  // The query is prepared at its first use and kept.
  [[nodiscard]] Result<Statement> query(Query query);
  // For what stands in no .sql file: pragmas, transaction control, migrations.
  [[nodiscard]] Result<void> execute(std::string_view sql);
  [[nodiscard]] Result<Statement> prepare_once(std::string_view sql);

  void set_busy_timeout(std::chrono::milliseconds timeout);

  [[nodiscard]] sqlite3* handle() const { return db_.get(); }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }
  // Rows that the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(db_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

  [[nodiscard]] Result<Prepared> prepare(std::string_view sql, unsigned flags);

  std::unique_ptr<sqlite3, Close> db_;
  std::array<Prepared, kQueryTexts.size()> prepared_;
  Prepared once_;
};

// What the last failed call on `db` means.
[[nodiscard]] std::unexpected<Error> fail_sqlite(sqlite3* db);

}  // namespace imgmill::sqlite
