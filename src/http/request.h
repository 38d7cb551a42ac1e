// A request as an endpoint sees it: its head is read, its body is read on demand. The session
// implements it over a socket; Beast does not show here. On the session's strand only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/async.h"
#include "http/caller.h"
#include "http/problem.h"

namespace imgmill {

enum class Method : std::uint8_t { kGet, kHead, kPost, kDelete, kOther };

class Request {
 public:
  virtual ~Request() = default;

  [[nodiscard]] virtual Method method() const = 0;
  // The first field of that name, in any case; empty when there is none.
  [[nodiscard]] virtual std::string_view header(std::string_view name) const = 0;
  [[nodiscard]] virtual std::size_t header_count(std::string_view name) const = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> content_length() const = 0;
  // Reads at least one byte of the body into `out`; 0 at its end. A 400 when it is broken or cut
  // off, a 408 when it stalls or drips: the connection is of no more use then.
  [[nodiscard]] virtual Task<Answer<std::size_t>> read_body(std::span<char> out) = 0;

  Caller caller;
  // What stood for the variable part of the route, percent-decoded.
  std::string variable;
  // Of this request alone (http/request_id.h): for the log's lines about it, and the answer.
  std::string id;
  // The route that was found, as a pattern: "/api/status/{id}".
  std::string_view route;
  bool may_see_metrics = false;
  // What stood behind the '?', as it came; http/query.h takes it apart.
  std::string_view query;
};

}  // namespace imgmill
