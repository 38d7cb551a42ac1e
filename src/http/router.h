// Which endpoint answers which method and path. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/async.h"
#include "http/request.h"

namespace imgmill {

struct Site;

// Everything an endpoint touches outlives it. It returns its failures as a Reply, too.
using Endpoint = Task<Reply> (*)(Site& site, Request& request);

struct Route {
  Endpoint endpoint = nullptr;
  std::string variable;
  std::string_view name;  // the pattern, "/api/status/{id}": for the log and the metrics
};

struct WrongMethod {
  std::string_view allowed;  // for the Allow header
  std::string_view name;
};

struct Unrouted {};

[[nodiscard]] std::variant<Route, WrongMethod, Unrouted> find_route(Method method,
                                                                    std::string_view path);

}  // namespace imgmill
