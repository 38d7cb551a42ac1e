#include <fmt/format.h>

#include "http/endpoints.h"
#include "http/site.h"

namespace imgmill {
namespace {

Reply well(std::string_view body) {
  return {.content_type = "application/json",
          .headers = {{"Cache-Control", "no-store"}},
          .body = std::string(body)};
}

Problem not_ready(std::string_view part, const Error& error) {
  const bool full = error.code == ErrorCode::kNoSpace;
  return {.status = 503,
          .error = "Not ready",
          .detail = fmt::format("the {} {}", part,
                                full ? "is full or almost full: make room" : "does not answer"),
          .private_detail = describe(error)};
}

}  // namespace

Task<Reply> get_health(Site&, Request&) { co_return well(R"({"status": "ok"})"); }

Task<Reply> get_readiness(Site& site, Request&) {
  if (site.draining) {
    co_return reply_of(
        {.status = 503, .error = "Not ready", .detail = "the server is shutting down"});
  }
  auto check = [&site]() -> Reply {
    const auto database = site.parts.db.check();
    if (!database) return reply_of(not_ready("database", database.error()));
    const auto store = site.parts.objects.check();
    if (!store) return reply_of(not_ready("storage", store.error()));
    return well(R"({"status": "ready"})");
  };
  co_return co_await run_on(site.parts.blocking, std::move(check));
}

}  // namespace imgmill
