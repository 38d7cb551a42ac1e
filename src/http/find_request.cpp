#include "http/find_request.h"

#include "base/crypto.h"
#include "base/text.h"

namespace imgmill {
namespace {

Problem unknown_request() {
  return {
      .status = 404, .error = "Request not found", .detail = "there is no request with this id"};
}

}  // namespace

Answer<Batch> find_request(Db& db, std::string_view request_id) {
  if (!is_uuid(request_id)) return std::unexpected(unknown_request());
  // A UUID's case means nothing; it is stored in lower case.
  auto found = db.find_batch(lower_case(request_id));
  if (!found) return std::unexpected(problem_of(found.error()));
  if (!*found) return std::unexpected(unknown_request());
  return **std::move(found);
}

}  // namespace imgmill
