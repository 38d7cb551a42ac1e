// The batch behind the id in an address. Here, and in the listing, is where one key's requests are
// kept from another: every endpoint comes by a batch through this.
#pragma once

#include <string>

#include "db/db.h"
#include "http/caller.h"
#include "http/problem.h"

namespace imgmill {

// A 404 for an unknown or malformed id, and for a request that is not the caller's. Blocks for a
// point read.
[[nodiscard]] Answer<Batch> find_request(Db& db, const Caller& caller, std::string_view request_id);
// The same, and a 404 that tells its status while it is not final.
[[nodiscard]] Answer<Batch> find_final_request(Db& db, const Caller& caller,
                                               std::string_view request_id);

}  // namespace imgmill
