#include "http/problem.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/limits.h"

namespace imgmill {
namespace {

namespace json = boost::json;

constexpr std::string_view kRetryAfterSeconds = "10";

json::array json_of(const std::vector<RowFault>& faults) {
  json::array list;
  const std::size_t count = std::min(faults.size(), limits::kReportedRowErrorsMax);
  for (std::size_t i = 0; i < count; ++i) {
    list.push_back(json::object{
        {"row", faults[i].row}, {"column", faults[i].column}, {"message", faults[i].message}});
  }
  return list;
}

json::object json_of(const Problem& problem) {
  json::object object{{"type", "about:blank"},
                      {"title", title_of(problem.status)},
                      {"status", problem.status},
                      {"error", problem.error},
                      {"detail", problem.detail}};
  if (!problem.request_status.empty()) object["request_status"] = problem.request_status;
  object["errors"] = json_of(problem.errors);
  object["errors_total"] = problem.errors_total;
  return object;
}

}  // namespace

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kTimeout:
      return 503;  // ours: a deadline of the client's is answered by the session
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kNoSpace:
      return 503;
    case ErrorCode::kIo:
      return 500;
    case ErrorCode::kCorrupt:
      return 500;
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

Problem problem_of(const Error& error, std::string_view title) {
  const int status = status_of(error.code);
  return {.status = status,
          .error = std::string(title.empty() ? title_of(status) : title),
          .detail = error.text,
          .private_detail = describe(error)};
}

Problem not_found() {
  return {.status = 404, .error = "Not found", .detail = "there is nothing at this address"};
}

Reply reply_of(const Problem& problem) {
  Reply reply{.status = problem.status,
              .content_type = "application/problem+json",
              .body = json::serialize(json_of(problem)),
              .private_detail = problem.private_detail};
  reply.headers.push_back({"Cache-Control", "no-store"});
  if (problem.status == 503) {
    reply.headers.push_back({"Retry-After", std::string(kRetryAfterSeconds)});
  }
  return reply;
}

}  // namespace imgmill
