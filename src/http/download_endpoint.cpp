#include <fmt/format.h>

#include "batch/results_csv.h"
#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/site.h"
#include "http/status_json.h"

namespace imgmill {
namespace {

class CsvSource final : public BodySource {
 public:
  explicit CsvSource(std::unique_ptr<ResultsCsv> csv) : csv_(std::move(csv)) {}
  Result<void> next_block(std::string& out) override { return csv_->next_block(out); }

 private:
  std::unique_ptr<ResultsCsv> csv_;
};

Problem not_final(const Batch& batch) {
  return {.status = 404,
          .error = "Results not ready",
          .detail = "the request is still being worked on: ask again when its status is final",
          .request_status = std::string(status_word(batch))};
}

Answer<Reply> open_results(Site& site, std::string_view request_id) {
  auto batch = find_request(site.parts.db, request_id);
  if (!batch) return std::unexpected(std::move(batch).error());
  if (!is_final(batch->state)) return std::unexpected(not_final(*batch));
  auto csv = ResultsCsv::open(*batch, SheetRules{}, site.options.base_url + "/", site.parts.db,
                              site.parts.objects);
  if (!csv) return std::unexpected(problem_of(csv.error()));
  const std::string disposition =
      fmt::format("attachment; filename=\"{}_results.csv\"", batch->request_id);
  return Reply{.content_type = "text/csv; charset=utf-8",
               .headers = {{"Content-Disposition", disposition}, {"Cache-Control", "no-store"}},
               .source = std::make_unique<CsvSource>(*std::move(csv))};
}

}  // namespace

Task<Reply> get_download(Site& site, Request& request) {
  auto open = [&site, &request]() -> Reply {
    auto reply = open_results(site, request.variable);
    return reply ? *std::move(reply) : reply_of(reply.error());
  };
  co_return co_await run_on(site.parts.blocking, std::move(open));
}

}  // namespace imgmill
