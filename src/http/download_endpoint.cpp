#include "batch/results_csv.h"
#include "http/csv_reply.h"
#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/site.h"

namespace imgmill {
namespace {

Answer<Reply> open_results(Site& site, const Request& request) {
  auto batch = find_final_request(site.parts.db, request.caller, request.variable);
  if (!batch) return std::unexpected(std::move(batch).error());
  auto csv = ResultsCsv::open(*batch, SheetRules{}, site.options.base_url + "/", site.parts.db,
                              site.parts.objects);
  if (!csv) return std::unexpected(problem_of(csv.error()));
  return csv_reply(*std::move(csv), batch->request_id + "_results.csv");
}

}  // namespace

Task<Reply> get_download(Site& site, Request& request) {
  auto open = [&site, &request]() -> Reply {
    auto reply = open_results(site, request);
    return reply ? *std::move(reply) : reply_of(reply.error());
  };
  co_return co_await run_on(site.parts.blocking, std::move(open));
}

}  // namespace imgmill
