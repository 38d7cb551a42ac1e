#include "http/answer.h"

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>

#include <fmt/format.h>

#include "http/path.h"
#include "http/router.h"

namespace imgmill {
namespace {

bool is_of_this_machine(const asio::ip::address& address) {
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  if (!mapped) return address.is_loopback();
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
}

// A proxy on this machine is a client of this machine: where it says so, the one behind it counts.
bool may_see_metrics(const Visitor& visitor, const Request& request) {
  if (visitor.door != Door::kMain) return visitor.door == Door::kMetrics;
  constexpr std::array kOfProxies{"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"};
  const auto named = [&](const char* name) { return !request.header(name).empty(); };
  return std::ranges::none_of(kOfProxies, named) && is_of_this_machine(visitor.address);
}

Reply wrong_method(std::string_view allowed) {
  Reply reply = reply_of({.status = 405,
                          .error = "Method not allowed",
                          .detail = fmt::format("here only {}", allowed)});
  reply.headers.push_back({"Allow", std::string(allowed)});
  return reply;
}

Task<Reply> ask_endpoint(Site& site, Endpoint endpoint, Request& request) {
  std::string thrown;
  try {
    co_return co_await endpoint(site, request);
  } catch (const std::exception& exception) {
    thrown = exception.what();
  }
  co_return reply_of(problem_of({ErrorCode::kInternal, "something went wrong here", thrown}));
}

Task<Reply> route(Site& site, Visitor visitor, Request& request, std::string path) {
  auto found = find_route(request.method(), path);
  if (std::holds_alternative<Unrouted>(found)) co_return reply_of(not_found());
  if (const auto* wrong = std::get_if<WrongMethod>(&found)) {
    if (!leads_to(visitor.door, wrong->name)) co_return reply_of(not_found());
    request.route = wrong->name;
    co_return wrong_method(wrong->allowed);
  }
  Route& route = std::get<Route>(found);
  if (!leads_to(visitor.door, route.name)) co_return reply_of(not_found());
  request.route = route.name;
  request.may_see_metrics = may_see_metrics(visitor, request);
  request.variable = std::move(route.variable);
  co_return co_await ask_endpoint(site, route.endpoint, request);
}

}  // namespace

Task<Reply> answer(Site& site, Visitor visitor, Request& request, std::string_view target) {
  request.route = EdgeMetrics::kNoRoute;
  request.query = query_of(target);
  const std::optional<std::string> path = decoded_path(target);
  if (!path) co_return reply_of(not_found());
  if (!Access::guards(*path)) co_return co_await route(site, visitor, request, *path);
  Admitted admitted = co_await site.access.admit(request, visitor.address);
  if (admitted.caller) request.caller = *admitted.caller;
  Reply reply = admitted.caller ? co_await route(site, visitor, request, *path)
                                : std::move(admitted.caller).error();
  std::ranges::move(admitted.headers, std::back_inserter(reply.headers));
  co_return reply;
}

}  // namespace imgmill
