#include "http/change_request.h"
#include "http/endpoints.h"
#include "http/site.h"

namespace imgmill {
namespace {

Result<void> retry(Site& site, const Batch& batch) {
  TRY_VOID(site.parts.db.retry_batch(batch.key, site.parts.clock.now()));
  if (site.parts.batch_sealed) site.parts.batch_sealed();
  return {};
}

}  // namespace

Task<Reply> post_retry(Site& site, Request& request) {
  auto run = [&site, &request] { return change_request(site, request, retry); };
  co_return co_await run_on(site.parts.blocking, std::move(run));
}

}  // namespace imgmill
