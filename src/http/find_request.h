// The batch behind the id in an address.
#pragma once

#include <string>

#include "db/db.h"
#include "http/problem.h"

namespace imgmill {

// A 404 for an unknown or malformed id. Blocks for a point read.
[[nodiscard]] Answer<Batch> find_request(Db& db, std::string_view request_id);
// The same, and a 404 that tells its status while it is not final.
[[nodiscard]] Answer<Batch> find_final_request(Db& db, std::string_view request_id);

}  // namespace imgmill
