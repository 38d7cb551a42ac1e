#include "http/change_request.h"
#include "http/endpoints.h"
#include "http/site.h"

namespace imgmill {
namespace {

Result<void> cancel(Site& site, const Batch& batch) {
  TRY_VOID(site.parts.db.cancel_batch(batch.key, site.parts.clock.now()));
  if (site.parts.batch_cancelled) site.parts.batch_cancelled(batch.key);
  return {};
}

}  // namespace

Task<Reply> post_cancel(Site& site, Request& request) {
  auto run = [&site, &request] { return change_request(site, request, cancel); };
  co_return co_await run_on(site.parts.blocking, std::move(run));
}

}  // namespace imgmill
