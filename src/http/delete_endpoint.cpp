#include "batch/removal.h"
#include "http/change_request.h"
#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/site.h"

namespace imgmill {
namespace {

Answer<Batch> begin(Site& site, const Request& request) {
  auto batch = find_request(site.parts.db, request.caller, request.variable);
  if (!batch) return batch;
  const auto begun = site.parts.db.begin_deletion(batch->key);
  if (!begun) return std::unexpected(refusal_of(begun.error(), *batch));
  return batch;
}

Problem stopping() {
  return {
      .status = 503,
      .error = "Shutting down",
      .detail = "the request is gone already; what is left of its files goes at the next start"};
}

}  // namespace

// Step by step, so that a large request holds up nobody. What a crash or a failure leaves is
// removed later (app/remover.h).
Task<Reply> delete_request(Site& site, Request& request) {
  auto start = [&site, &request] { return begin(site, request); };
  const Answer<Batch> batch = co_await run_on(site.parts.blocking, std::move(start));
  if (!batch) co_return reply_of(batch.error());
  BatchRemoval removal(*batch, site.parts.db, site.parts.objects);
  bool gone = false;
  while (!gone) {
    if (site.stopping) co_return reply_of(stopping());
    auto step = [&removal] { return removal.step(); };
    const Result<bool> done = co_await run_on(site.parts.blocking, std::move(step));
    if (!done) co_return reply_of(problem_of(done.error()));
    gone = *done;
  }
  co_return Reply{.status = 204};
}

}  // namespace imgmill
