// What POST endpoints that change a request share: find it, change it, answer 202 with the status
// it has then, or 409 with the one that does not allow it. Blocks: call it on the pool.
#pragma once

#include "db/db.h"
#include "http/problem.h"

namespace imgmill {

class Request;
struct Site;

using BatchChange = Result<void> (*)(Site& site, const Batch& batch);

[[nodiscard]] Reply change_request(Site& site, const Request& request, BatchChange change);

// Why a change was refused; a conflict says which status the request has.
[[nodiscard]] Problem refusal_of(const Error& error, const Batch& batch);

}  // namespace imgmill
