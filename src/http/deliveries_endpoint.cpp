#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/limits.h"
#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/site.h"
#include "intake/url.h"

namespace imgmill {
namespace {

namespace json = boost::json;

// http_status is null when there was no answer, error when all was well.
json::object json_of(const RecordedAttempt& attempt) {
  const DeliveryAttempt& made = attempt.made;
  const auto or_null = [](bool there, json::value value) {
    return there ? std::move(value) : json::value(nullptr);
  };
  return {{"id", attempt.event_id},
          {"attempt", attempt.attempt},
          {"at", format_time(made.at)},
          {"url", without_credentials(attempt.url)},
          {"http_status", or_null(made.http_status != 0, made.http_status)},
          {"duration_ms", made.duration.count()},
          {"error", or_null(!made.error.empty(), json::value(made.error))}};
}

Answer<Reply> list(Site& site, const Request& request) {
  const auto batch = find_request(site.parts.db, request.caller, request.variable);
  if (!batch) return std::unexpected(batch.error());
  const auto attempts = site.parts.db.list_attempts(batch->key, limits::kListedAttemptsMax);
  if (!attempts) return std::unexpected(problem_of(attempts.error()));
  json::array deliveries;
  for (const RecordedAttempt& attempt : *attempts) deliveries.push_back(json_of(attempt));
  const json::object body{{"deliveries", std::move(deliveries)}};
  return Reply{.content_type = "application/json",
               .headers = {{"Cache-Control", "no-store"}},
               .body = json::serialize(body)};
}

}  // namespace

Task<Reply> get_deliveries(Site& site, Request& request) {
  auto run = [&site, &request]() -> Reply {
    auto reply = list(site, request);
    return reply ? *std::move(reply) : reply_of(reply.error());
  };
  co_return co_await run_on(site.parts.blocking, std::move(run));
}

}  // namespace imgmill
