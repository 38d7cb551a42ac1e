#include "http/find_request.h"

#include "base/crypto.h"
#include "base/text.h"
#include "http/status_json.h"

namespace imgmill {
namespace {

Problem unknown_request() {
  return {
      .status = 404, .error = "Request not found", .detail = "there is no request with this id"};
}

Problem not_final(const Batch& batch) {
  return {.status = 404,
          .error = "Results not ready",
          .detail = "the request is still being worked on: ask again when its status is final",
          .request_status = std::string(status_word(batch))};
}

}  // namespace

Answer<Batch> find_final_request(Db& db, const Caller& caller, std::string_view request_id) {
  auto batch = find_request(db, caller, request_id);
  if (batch && !is_final(batch->state)) return std::unexpected(not_final(*batch));
  return batch;
}

Answer<Batch> find_request(Db& db, const Caller& caller, std::string_view request_id) {
  if (!is_uuid(request_id)) return std::unexpected(unknown_request());
  // A UUID's case means nothing; it is stored in lower case.
  auto found = db.find_batch(lower_case(request_id));
  if (!found) return std::unexpected(problem_of(found.error()));
  if (!*found || !caller.may_see(**found)) return std::unexpected(unknown_request());
  return **std::move(found);
}

}  // namespace imgmill
