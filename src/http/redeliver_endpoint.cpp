#include "http/change_request.h"
#include "http/endpoints.h"
#include "http/site.h"

namespace imgmill {
namespace {

Result<void> redeliver(Site& site, const Batch& batch) {
  return site.parts.db.redeliver(batch.key, site.parts.clock.now());
}

}  // namespace

Task<Reply> post_redeliver(Site& site, Request& request) {
  auto run = [&site, &request] { return change_request(site, request, redeliver); };
  co_return co_await run_on(site.parts.blocking, std::move(run));
}

}  // namespace imgmill
