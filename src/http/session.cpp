#include "http/session.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/answer.h"
#include "http/path.h"
#include "http/reply_writer.h"
#include "http/request_id.h"
#include "http/session_request.h"

namespace imgmill {
namespace {

using boost::system::error_code;

// A header, and beyond it a block of the body (SessionRequest::read_some).
constexpr std::size_t kBufferBytesMax = limits::kHttpHeaderBytesMax + (128 << 10);

class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, Site& site, Connections& connections, Door door)
      : wire_(std::move(socket), site.parts.clock,
              door == Door::kMetrics ? nullptr : site.certificate.get()),
        site_(site),
        connections_(connections),
        visitor_{.door = door},
        writer_(wire_, site.parts.blocking),
        buffer_(kBufferBytesMax) {
    error_code gone;  // then nobody will be answered
    visitor_.address = wire_.socket().remote_endpoint(gone).address();
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
  [[nodiscard]] Task<void> hang_up();
  void append_problem(const Problem& problem, std::string& out) const;
  void report(const SessionRequest& request, int status, const std::string& detail,
              Wire::Duration took) const;

  Wire wire_;
  Site& site_;
  Connections& connections_;
  Visitor visitor_;
  ReplyWriter writer_;
  boost::beast::flat_buffer buffer_;  // empty and without memory while idle
  bool counted_ = false;              // among the open connections
  bool served_ = false;               // a request or more
  bool idle_ = false;
  bool retiring_ = false;
  bool linger_ = false;  // it came before the peer had said all
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
    linger_ = co_await writer_.write_bytes(out);
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
    reply = co_await answer(site_, visitor_, request, request.target());
  }
  const bool keep_alive =
      head == SessionRequest::Head::kRead && request.may_be_followed() && !retiring_;
  const int status = reply.status;
  const std::string detail = std::exchange(reply.private_detail, {});
  const HeadFacts facts{.now = site_.parts.clock.now(),
                        .keep_alive = keep_alive,
                        .http_1_0 = request.is_http_1_0(),
                        .request_id = request.id};
  if (reply.live) buffer_.shrink_to_fit();  // it may last for hours
  const bool head_only = request.method() == Method::kHead;
  const bool again = co_await writer_.write(std::move(reply), facts, head_only);
  const auto took = site_.parts.clock.steady_now() - began;
  site_.metrics.count_request(request.route, request.method(), status, took);
  report(request, status, detail, took);
  linger_ = writer_.has_written() && (!request.is_whole() || buffer_.size() > 0);
  co_return again;
}

// Lets an answer arrive before the connection goes: closing with unread bytes would reset it.
Task<void> Session::hang_up() {
  error_code error;
  auto& socket = wire_.socket();
  // What broke off must not look whole.
  if (wire_.tls() != nullptr && (writer_.has_written() || !served_)) wire_.tls()->say_end();
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
              {"whole", writer_.has_written() ? "yes" : "no"},
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
