#include "http/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <iterator>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/path.h"
#include "http/request_id.h"
#include "http/router.h"
#include "http/session_request.h"

namespace imgmill {
namespace {

using boost::system::error_code;

// A header, and beyond it a block of the body (SessionRequest::read_some).
constexpr std::size_t kBufferBytesMax = limits::kHttpHeaderBytesMax + (128 << 10);

constexpr std::string_view kLastChunk = "0\r\n\r\n";

void append_framed(std::string_view block, BodyFraming framing, std::string& out) {
  const bool chunked = framing == BodyFraming::kChunked;
  if (chunked) fmt::format_to(std::back_inserter(out), "{:x}\r\n", block.size());
  out += block;
  if (chunked) out += "\r\n";
}

class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, Site& site, Connections& connections, Door door)
      : wire_(std::move(socket), site.parts.clock,
              door == Door::kMetrics ? nullptr : site.certificate.get()),
        site_(site),
        connections_(connections),
        door_(door),
        buffer_(kBufferBytesMax) {
    error_code gone;  // then nobody will be answered
    peer_ = wire_.socket().remote_endpoint(gone).address();
  }
  ~Session() override {
    connections_.remove(this);
    if (counted_) site_.metrics.connections.add(-1);
  }

  static Task<void> run(std::shared_ptr<Session> self);
  void turn_away();
  void count_in();
  [[nodiscard]] Strand executor() { return wire_.socket().get_executor(); }

  void enforce_deadline(std::chrono::steady_clock::time_point now) override;
  void retire() override;
  void abort() override;

 private:
  [[nodiscard]] Task<bool> shake_hands();
  [[nodiscard]] Task<bool> await_request();
  [[nodiscard]] Task<bool> serve_request();
  [[nodiscard]] bool may_see_metrics(const SessionRequest& request);
  [[nodiscard]] Task<Reply> answer(SessionRequest& request);
  [[nodiscard]] Task<Reply> route(SessionRequest& request, std::string path);
  [[nodiscard]] Task<bool> send(const SessionRequest& request, Reply reply, bool keep_alive);
  [[nodiscard]] Task<bool> send_source(BodySource& source, BodyFraming framing, std::string out,
                                       std::string block, std::string request_id);
  [[nodiscard]] Task<bool> send_live(LiveSource& live, BodyFraming framing, std::string out);
  [[nodiscard]] Task<bool> write(std::string_view bytes);
  [[nodiscard]] Task<Result<std::string>> next_block(BodySource& source);
  [[nodiscard]] Task<void> hang_up();
  void append_problem(const Problem& problem, std::string& out) const;
  void report(const SessionRequest& request, int status, const std::string& detail,
              Wire::Duration took) const;

  Wire wire_;
  asio::ip::address peer_;
  Site& site_;
  Connections& connections_;
  const Door door_;
  boost::beast::flat_buffer buffer_;  // empty and without memory while idle
  bool counted_ = false;              // among the open connections
  bool served_ = false;               // a request or more
  bool idle_ = false;
  bool retiring_ = false;
  bool written_ = false;  // the last answer, whole
  bool linger_ = false;   // it came before the peer had said all
};

Task<void> Session::run(std::shared_ptr<Session> self) {
  bool again = co_await self->shake_hands();
  while (again) {
    again = co_await self->await_request();
    if (again) again = co_await self->serve_request();
  }
  co_await self->hang_up();
}

void Session::count_in() {
  counted_ = true;
  site_.metrics.connections.add(1);
  site_.metrics.connections_taken.add();
}

void Session::enforce_deadline(std::chrono::steady_clock::time_point now) {
  const bool in_a_hurry = site_.in_a_hurry();
  if (!wire_.is_due(now, in_a_hurry)) return;
  asio::post(executor(), [self = shared_from_this(), now, in_a_hurry] {
    self->wire_.enforce(now, in_a_hurry);
  });
}

void Session::retire() {
  asio::post(executor(), [self = shared_from_this()] {
    self->retiring_ = true;
    error_code ignored;
    if (self->idle_) self->wire_.socket().cancel(ignored);
  });
}

void Session::abort() {
  asio::post(executor(), [self = shared_from_this()] {
    error_code ignored;
    self->wire_.socket().close(ignored);
  });
}

// Nothing to do without TLS. Idle meanwhile: nothing was asked that a retiring edge would answer.
Task<bool> Session::shake_hands() {
  if (wire_.tls() == nullptr) co_return true;
  idle_ = true;
  wire_.arm(limits::kHttpHeaderDeadline);
  const TlsStream::Handshake shaken = co_await wire_.tls()->shake_hands();
  static_cast<void>(wire_.disarm());
  idle_ = false;
  if (shaken == TlsStream::Handshake::kPlainHttp) {
    wire_.drop_tls();
    std::string out;
    append_problem({.status = 400,
                    .error = "HTTPS only",
                    .detail = "this port speaks HTTPS: write https:// in front of the address"},
                   out);
    linger_ = co_await write(out);
  }
  co_return shaken == TlsStream::Handshake::kDone;
}

// Idle: nothing but this frame, and no buffer. False when the connection is to end.
Task<bool> Session::await_request() {
  if (buffer_.size() > 0) co_return !retiring_;
  buffer_.shrink_to_fit();
  if (retiring_) co_return false;
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  idle_ = true;
  wire_.arm(served_ ? Wire::Duration(limits::kHttpIdleDeadline) : limits::kHttpHeaderDeadline);
  const bool pending = wire_.tls() != nullptr && wire_.tls()->has_pending();
  if (!pending) co_await wire_.socket().async_wait(Socket::wait_read, token);
  static_cast<void>(wire_.disarm());
  idle_ = false;
  co_return !error && !retiring_;
}

// Whether another request may follow.
Task<bool> Session::serve_request() {
  SessionRequest request(wire_, buffer_);
  const SessionRequest::Head head = co_await request.read_head();
  if (head == SessionRequest::Head::kGone) co_return false;
  served_ = true;
  request.id = request_id_of(request.header("X-Request-Id"));
  const auto began = site_.parts.clock.steady_now();
  Reply reply;
  if (head == SessionRequest::Head::kRefused) {
    request.route = EdgeMetrics::kMalformed;
    reply = reply_of(request.refusal());
  } else {
    reply = co_await answer(request);
  }
  const bool keep_alive =
      head == SessionRequest::Head::kRead && request.may_be_followed() && !retiring_;
  const int status = reply.status;
  const std::string detail = std::exchange(reply.private_detail, {});
  const bool again = co_await send(request, std::move(reply), keep_alive);
  const auto took = site_.parts.clock.steady_now() - began;
  site_.metrics.count_request(request.route, request.method(), status, took);
  report(request, status, detail, took);
  linger_ = written_ && (!request.is_whole() || buffer_.size() > 0);
  co_return again;
}

// A proxy on this machine is a client of this machine: where it says so, the one behind it counts.
bool Session::may_see_metrics(const SessionRequest& request) {
  if (door_ != Door::kMain) return door_ == Door::kMetrics;
  constexpr std::array kOfProxies{"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"};
  const auto named = [&](const char* name) { return !request.header(name).empty(); };
  if (std::ranges::any_of(kOfProxies, named)) return false;
  const bool mapped = peer_.is_v6() && peer_.to_v6().is_v4_mapped();
  return mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, peer_.to_v6()).is_loopback()
                : peer_.is_loopback();
}

Task<Reply> Session::answer(SessionRequest& request) {
  request.route = EdgeMetrics::kNoRoute;
  const std::optional<std::string> path = decoded_path(request.target());
  if (!path) co_return reply_of(not_found());
  if (Access::guards(*path)) {
    Admitted admitted = co_await site_.access.admit(request, peer_);
    if (admitted.caller) request.caller = *admitted.caller;
    Reply reply =
        admitted.caller ? co_await route(request, *path) : std::move(admitted.caller).error();
    std::ranges::move(admitted.headers, std::back_inserter(reply.headers));
    co_return reply;
  }
  co_return co_await route(request, *path);
}

Task<Reply> Session::route(SessionRequest& request, std::string path) {
  auto found = find_route(request.method(), path);
  if (std::holds_alternative<Unrouted>(found)) co_return reply_of(not_found());
  if (const auto* wrong = std::get_if<WrongMethod>(&found)) {
    if (!leads_to(door_, wrong->name)) co_return reply_of(not_found());
    request.route = wrong->name;
    Reply reply = reply_of({.status = 405,
                            .error = "Method not allowed",
                            .detail = fmt::format("here only {}", wrong->allowed)});
    reply.headers.push_back({"Allow", std::string(wrong->allowed)});
    co_return reply;
  }
  Route& route = std::get<Route>(found);
  if (!leads_to(door_, route.name)) co_return reply_of(not_found());
  request.route = route.name;
  request.may_see_metrics = may_see_metrics(request);
  request.variable = std::move(route.variable);
  request.query = query_of(request.target());
  std::string thrown;
  try {
    co_return co_await route.endpoint(site_, request);
  } catch (const std::exception& exception) {
    thrown = exception.what();
  }
  co_return reply_of(problem_of({ErrorCode::kInternal, "something went wrong here", thrown}));
}

Task<bool> Session::send(const SessionRequest& request, Reply reply, bool keep_alive) {
  const bool head_only = request.method() == Method::kHead;
  std::string block;
  if (reply.source && !head_only) {  // the first block first: its failure can still be told
    Result<std::string> first = co_await next_block(*reply.source);
    if (first) {
      block = *std::move(first);
    } else {
      reply = reply_of(problem_of(first.error()));
    }
  }
  HeadFacts facts{
      .now = site_.parts.clock.now(), .http_1_0 = request.is_http_1_0(), .request_id = request.id};
  if (reply.live || (reply.source && !reply.length)) {
    facts.framing = head_only || facts.http_1_0 ? BodyFraming::kUntilClose : BodyFraming::kChunked;
  }
  facts.keep_alive = keep_alive && (head_only || facts.framing != BodyFraming::kUntilClose);
  std::string out;
  append_head(reply, facts, out);
  if (reply.live && !head_only) {
    written_ = co_await send_live(*reply.live, facts.framing, std::move(out));
  } else if (reply.source && !head_only) {
    written_ = co_await send_source(*reply.source, facts.framing, std::move(out), std::move(block),
                                    request.id);
  } else {
    if (!head_only) out += reply.body;
    written_ = co_await write(out);
  }
  co_return written_&& facts.keep_alive;
}

Task<bool> Session::send_source(BodySource& source, BodyFraming framing, std::string out,
                                std::string block, std::string request_id) {
  while (!block.empty()) {
    append_framed(block, framing, out);
    if (!co_await write(out)) co_return false;
    out.clear();
    Result<std::string> next = co_await next_block(source);
    if (!next) {
      log::warn("an answer broke off",
                {{"http_request_id", request_id}, {"error", describe(next.error())}});
      co_return false;
    }
    block = *std::move(next);
  }
  if (framing == BodyFraming::kChunked) out += kLastChunk;
  co_return co_await write(out);
}

// While there is nothing to send, nothing is held but this frame.
Task<bool> Session::send_live(LiveSource& live, BodyFraming framing, std::string out) {
  buffer_.shrink_to_fit();
  bool more = true;
  while (more) {
    const auto piece = co_await live.next();
    more = piece != nullptr;
    if (more) append_framed(*piece, framing, out);
    if (!more && framing == BodyFraming::kChunked) out += kLastChunk;
    if (!co_await write(out)) co_return false;
    out = {};
  }
  co_return true;
}

Task<bool> Session::write(std::string_view bytes) {
  Pace pace(limits::kHttpWriteStallDeadline);
  const error_code error = co_await wire_.write(bytes, pace);
  co_return !error;
}

Task<Result<std::string>> Session::next_block(BodySource& source) {
  auto read = [&source]() -> Result<std::string> {
    std::string block;
    TRY_VOID(source.next_block(block));
    return block;
  };
  co_return co_await run_on(site_.parts.blocking, std::move(read));
}

// Lets an answer arrive before the connection goes: closing with unread bytes would reset it.
Task<void> Session::hang_up() {
  error_code error;
  auto& socket = wire_.socket();
  // What broke off must not look whole.
  if (wire_.tls() != nullptr && (written_ || !served_)) wire_.tls()->say_end();
  if (!linger_ || socket.shutdown(Socket::shutdown_send, error)) co_return;
  std::string scrap(16 << 10, '\0');
  Pace pace(limits::kHttpLingerStallDeadline);
  std::uint64_t read = 0;
  Wire::Duration left = limits::kHttpLingerDeadline;
  while (!error && read < limits::kHttpLingerBytesMax && left > left.zero()) {
    const auto buffer = asio::buffer(scrap);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    wire_.arm(std::min(pace.patience(), left));
    const std::size_t count = co_await socket.async_read_some(buffer, token);
    const Wire::Duration waited = wire_.disarm();
    pace.moved(count, waited);
    read += count;
    left -= waited;
  }
}

// An answer to nothing that was read, after which the connection ends.
void Session::append_problem(const Problem& problem, std::string& out) const {
  const Reply reply = reply_of(problem);
  append_head(reply, {.now = site_.parts.clock.now(), .keep_alive = false}, out);
  out += reply.body;
}

// Without reading the request: there is no room to. The peer may lose this to a reset, no more.
void Session::turn_away() {
  const Problem full{.status = 503,
                     .error = "Too many connections",
                     .detail = "the server has as many connections as it takes"};
  const Problem leaving{
      .status = 503, .error = "Service unavailable", .detail = "the server is shutting down"};
  std::string out;
  append_problem(site_.draining ? leaving : full, out);
  error_code ignored;
  auto& socket = wire_.socket();
  if (wire_.tls() != nullptr) return;  // nothing can be said before hands are shaken
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(out), ignored);
  socket.shutdown(Socket::shutdown_send, ignored);
}

// Changes and refusals are worth a line each; what only looks, and pictures, would drown them.
log::Level level_of(const SessionRequest& request, int status) {
  if (status >= 500) return log::Level::kWarn;
  const bool changes = request.method() != Method::kGet && request.method() != Method::kHead;
  const bool refused = status >= 400 && request.route.starts_with("/api/");
  const bool routed = request.route.starts_with('/');
  return (changes && routed) || refused ? log::Level::kInfo : log::Level::kDebug;
}

void Session::report(const SessionRequest& request, int status, const std::string& detail,
                     Wire::Duration took) const {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  log::write(level_of(request, status), "request",
             {{"http_request_id", request.id},
              {"method", std::string(request.method_name())},
              {"route", std::string(request.route)},
              {"path", decoded_path(request.target()).value_or("?")},
              {"status", fmt::to_string(status)},
              {"duration_ms", fmt::to_string(ms)},
              {"whole", written_ ? "yes" : "no"},
              {"detail", detail}});
}

void note_end(const std::exception_ptr& thrown) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    log::error("a connection ended by an exception", {{"what", exception.what()}});
  }
}

}  // namespace

void serve(Socket socket, Site& site, Connections& connections, Door door) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto session = std::make_shared<Session>(std::move(socket), site, connections, door);
  if (!connections.add(session)) {
    site.metrics.connections_refused.add();
    return session->turn_away();
  }
  session->count_in();
  asio::co_spawn(session->executor(), Session::run(session), note_end);
}

}  // namespace imgmill
