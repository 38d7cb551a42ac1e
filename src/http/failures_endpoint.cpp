#include "batch/failures_csv.h"
#include "http/csv_reply.h"
#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/site.h"

namespace imgmill {
namespace {

Answer<Reply> open_failures(Site& site, const Request& request) {
  auto batch = find_final_request(site.parts.db, request.caller, request.variable);
  if (!batch) return std::unexpected(std::move(batch).error());
  auto csv = FailuresCsv::open(*batch, SheetRules{}, site.parts.db, site.parts.objects);
  if (!csv) return std::unexpected(problem_of(csv.error()));
  return csv_reply(*std::move(csv), batch->request_id + "_failures.csv");
}

}  // namespace

Task<Reply> get_failures(Site& site, Request& request) {
  auto open = [&site, &request]() -> Reply {
    auto reply = open_failures(site, request);
    return reply ? *std::move(reply) : reply_of(reply.error());
  };
  co_return co_await run_on(site.parts.blocking, std::move(open));
}

}  // namespace imgmill
