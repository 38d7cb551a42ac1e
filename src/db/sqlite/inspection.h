// A look at a database file that leaves no trace: nothing is made, migrated or locked for longer
// than a read, also while a server works on it. For `imgmill doctor`.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/error.h"

namespace imgmill {

struct DatabaseState {
  std::int64_t version = 0;  // of its schema; 0: an empty file
  std::int64_t newest = 0;   // that this program knows
  std::int64_t keys = 0;     // access keys, the revoked ones too
  std::int64_t valid_keys = 0;
};

// kIo when it cannot be opened, kCorrupt when it is damaged or no database, kConflict when it
// belongs to another program.
[[nodiscard]] Result<DatabaseState> inspect_database(const std::filesystem::path& file);

}  // namespace imgmill
