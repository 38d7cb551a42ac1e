#include "http/find_request.h"

#include <algorithm>
#include <cctype>

#include "base/crypto.h"

namespace imgmill {
namespace {

Problem unknown_request() {
  return {
      .status = 404, .error = "Request not found", .detail = "there is no request with this id"};
}

// An id is a UUID: its case means nothing, and it is stored in lower case.
std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

}  // namespace

Answer<Batch> find_request(Db& db, std::string_view request_id) {
  if (!is_uuid(request_id)) return std::unexpected(unknown_request());
  auto found = db.find_batch(lower_case(request_id));
  if (!found) return std::unexpected(problem_of(found.error()));
  if (!*found) return std::unexpected(unknown_request());
  return **std::move(found);
}

}  // namespace imgmill
