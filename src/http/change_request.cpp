#include "http/change_request.h"

#include "http/find_request.h"
#include "http/request.h"
#include "http/site.h"
#include "http/status_json.h"

namespace imgmill {
namespace {

Answer<Batch> changed(Site& site, const Request& request, BatchChange change) {
  const auto batch = find_request(site.parts.db, request.caller, request.variable);
  if (!batch) return batch;
  const auto done = change(site, *batch);
  if (!done) return std::unexpected(refusal_of(done.error(), *batch));
  return find_request(site.parts.db, request.caller, request.variable);
}

}  // namespace

Problem refusal_of(const Error& error, const Batch& batch) {
  Problem problem = problem_of(error);
  if (error.code == ErrorCode::kConflict) problem.request_status = status_word(batch);
  return problem;
}

Reply change_request(Site& site, const Request& request, BatchChange change) {
  const auto batch = changed(site, request, change);
  if (!batch) return reply_of(batch.error());
  return {
      .status = 202,
      .content_type = "application/json",
      .headers = {{"Cache-Control", "no-store"}, {"Location", "/api/status/" + batch->request_id}},
      .body = status_json(*batch, site.parts.clock.now())};
}

}  // namespace imgmill
