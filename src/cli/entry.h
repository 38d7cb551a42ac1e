// Who gets in at a server with these settings and keys (http/access.h): serve starts by it or not,
// and the doctor foretells it.
#pragma once

#include <cstdint>

#include "app/settings.h"
#include "db/sqlite/inspection.h"

namespace imgmill::cli {

enum class Entry : std::uint8_t {
  kAnybody,
  kWithKey,
  kNobody,   // every key was revoked
  kRefused,  // anybody would, from beyond loopback, and nobody said that it is meant
};

[[nodiscard]] Entry entry_of(const Settings& settings, const DatabaseState& database);

}  // namespace imgmill::cli
