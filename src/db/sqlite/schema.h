// Opening a database file: its settings, and its schema brought up to date.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/error.h"
#include "db/sqlite/connection.h"

namespace imgmill::sqlite {

inline constexpr std::int64_t kApplicationId = 0x696d6d6c;  // "imml", in the file's header

// WAL and what goes with it; for the connection that writes, after migrate(): a file that is not
// ours is refused before anything of it changes.
[[nodiscard]] Result<void> set_up_writer(Connection& connection);
// For the connections that only read.
[[nodiscard]] Result<void> set_up_reader(Connection& connection);

// Runs the migrations that are missing, all in one transaction under the database's write lock, so
// that two processes that start together do it once. kConflict when the file belongs to a newer
// version or to another program, kCorrupt when a migration that ran is not the one this program
// has.
[[nodiscard]] Result<void> migrate(Connection& connection, Time now);

}  // namespace imgmill::sqlite
