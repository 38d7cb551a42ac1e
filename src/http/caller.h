// Whose requests an answer may show and change. http/access.cpp says it of everything under /api/;
// what is open to all (/results, /processed) has an id that cannot be guessed instead.
#pragma once

#include <optional>

#include "db/db.h"

namespace imgmill {

struct Caller {
  std::optional<KeyNumber> key = {};  // nullopt: keys are not asked for, every request is his

  [[nodiscard]] bool may_see(const Batch& batch) const { return !key || batch.owner == key; }
};

}  // namespace imgmill
