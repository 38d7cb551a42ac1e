#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/site.h"
#include "http/status_json.h"

namespace imgmill {

Task<Reply> get_status(Site& site, Request& request) {
  auto find = [&site, &request] {
    return find_request(site.parts.db, request.caller, request.variable);
  };
  const Answer<Batch> batch = co_await run_on(site.parts.blocking, std::move(find));
  if (!batch) co_return reply_of(batch.error());
  co_return Reply{.content_type = "application/json",
                  .headers = {{"Cache-Control", "no-store"}},
                  .body = status_json(*batch, site.parts.clock.now())};
}

}  // namespace imgmill
