#include "http/router.h"

#include <array>
#include <optional>

#include "http/endpoints.h"

namespace imgmill {
namespace {

enum class Verb { kGet, kPost, kDelete };
enum class Variable { kNone, kSegment, kPath };

struct Pattern {
  Verb verb;
  std::string_view before;
  Variable variable;
  std::string_view after;
  Endpoint endpoint;
};

constexpr std::array<Pattern, 17> kPatterns{{
    {Verb::kPost, "/api/upload", Variable::kNone, "", post_upload},
    {Verb::kGet, "/api/status/", Variable::kSegment, "", get_status},
    {Verb::kGet, "/api/download/", Variable::kSegment, "", get_download},
    {Verb::kGet, "/results/", Variable::kSegment, "_results.csv", get_download},
    {Verb::kGet, "/processed/", Variable::kPath, "", get_processed},
    {Verb::kGet, "/api/requests", Variable::kNone, "", get_requests},
    {Verb::kGet, "/api/requests/", Variable::kSegment, "/images", get_images},
    {Verb::kGet, "/api/requests/", Variable::kSegment, "/failures.csv", get_failures},
    {Verb::kPost, "/api/requests/", Variable::kSegment, "/cancel", post_cancel},
    {Verb::kPost, "/api/requests/", Variable::kSegment, "/retry", post_retry},
    {Verb::kGet, "/api/requests/", Variable::kSegment, "/deliveries", get_deliveries},
    {Verb::kPost, "/api/requests/", Variable::kSegment, "/redeliver", post_redeliver},
    {Verb::kDelete, "/api/requests/", Variable::kSegment, "", delete_request},
    {Verb::kGet, "/api/requests/", Variable::kSegment, "/events", get_events},
    {Verb::kGet, "/api/requests/", Variable::kSegment, "/archive", get_archive},
    {Verb::kGet, "/healthz", Variable::kNone, "", get_health},
    {Verb::kGet, "/readyz", Variable::kNone, "", get_readiness},
}};

std::optional<std::string_view> match(const Pattern& pattern, std::string_view path) {
  if (pattern.variable == Variable::kNone) {
    return path == pattern.before ? std::optional<std::string_view>("") : std::nullopt;
  }
  if (path.size() <= pattern.before.size() + pattern.after.size()) return std::nullopt;
  if (!path.starts_with(pattern.before) || !path.ends_with(pattern.after)) return std::nullopt;
  path.remove_prefix(pattern.before.size());
  path.remove_suffix(pattern.after.size());
  if (pattern.variable == Variable::kSegment && path.contains('/')) return std::nullopt;
  return path;
}

bool takes(Verb verb, Method method) {
  switch (verb) {
    case Verb::kGet:
      return method == Method::kGet || method == Method::kHead;
    case Verb::kPost:
      return method == Method::kPost;
    case Verb::kDelete:
      return method == Method::kDelete;
  }
  return false;
}

std::string_view allowed_by(Verb verb) {
  switch (verb) {
    case Verb::kGet:
      return "GET, HEAD";
    case Verb::kPost:
      return "POST";
    case Verb::kDelete:
      return "DELETE";
  }
  return "";
}

}  // namespace

std::variant<Route, WrongMethod, Unrouted> find_route(Method method, std::string_view path) {
  for (const Pattern& pattern : kPatterns) {
    const auto variable = match(pattern, path);
    if (!variable) continue;
    if (takes(pattern.verb, method)) return Route{pattern.endpoint, std::string(*variable)};
    return WrongMethod{allowed_by(pattern.verb)};
  }
  return Unrouted{};
}

}  // namespace imgmill
