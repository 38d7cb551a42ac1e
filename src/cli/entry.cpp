#include "cli/entry.h"

namespace imgmill::cli {

Entry entry_of(const Settings& settings, const DatabaseState& database) {
  if (database.valid_keys > 0) return Entry::kWithKey;
  if (settings.no_auth) return Entry::kAnybody;
  if (database.keys > 0) return Entry::kNobody;
  return settings.listen.is_loopback() ? Entry::kAnybody : Entry::kRefused;
}

}  // namespace imgmill::cli
