#include "http/session.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/path.h"
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
  Session(Socket socket, Site& site, Connections& connections)
      : wire_(std::move(socket), site.parts.clock),
        site_(site),
        connections_(connections),
        buffer_(kBufferBytesMax) {}
  ~Session() override { connections_.remove(this); }

  static Task<void> run(std::shared_ptr<Session> self);
  void turn_away();
  [[nodiscard]] Strand executor() { return wire_.socket().get_executor(); }

  void enforce_deadline(std::chrono::steady_clock::time_point now) override;
  void retire() override;
  void abort() override;

 private:
  [[nodiscard]] Task<bool> await_request();
  [[nodiscard]] Task<bool> serve_request();
  [[nodiscard]] Task<Reply> answer(SessionRequest& request);
  [[nodiscard]] Task<bool> send(const SessionRequest& request, Reply reply, bool keep_alive);
  [[nodiscard]] Task<bool> send_source(BodySource& source, BodyFraming framing, std::string out,
                                       std::string block);
  [[nodiscard]] Task<bool> send_live(LiveSource& live, BodyFraming framing, std::string out);
  [[nodiscard]] Task<bool> write(std::string_view bytes);
  [[nodiscard]] Task<Result<std::string>> next_block(BodySource& source);
  [[nodiscard]] Task<void> hang_up();
  void report(const SessionRequest& request, const Reply& reply) const;

  Wire wire_;
  Site& site_;
  Connections& connections_;
  boost::beast::flat_buffer buffer_;  // empty and without memory while idle
  bool served_ = false;               // a request or more
  bool idle_ = false;
  bool retiring_ = false;
  bool written_ = false;  // the last answer, whole
  bool linger_ = false;   // it came before the peer had said all
};

Task<void> Session::run(std::shared_ptr<Session> self) {
  bool again = true;
  while (again) {
    again = co_await self->await_request();
    if (again) again = co_await self->serve_request();
  }
  co_await self->hang_up();
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

// Idle: nothing but this frame, and no buffer. False when the connection is to end.
Task<bool> Session::await_request() {
  if (buffer_.size() > 0) co_return !retiring_;
  buffer_.shrink_to_fit();
  if (retiring_) co_return false;
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  idle_ = true;
  wire_.arm(served_ ? Wire::Duration(limits::kHttpIdleDeadline) : limits::kHttpHeaderDeadline);
  co_await wire_.socket().async_wait(Socket::wait_read, token);
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
  Reply reply;
  if (head == SessionRequest::Head::kRefused) {
    reply = reply_of(request.refusal());
  } else {
    reply = co_await answer(request);
  }
  const bool keep_alive =
      head == SessionRequest::Head::kRead && request.may_be_followed() && !retiring_;
  const bool again = co_await send(request, std::move(reply), keep_alive);
  linger_ = written_ && (!request.is_whole() || buffer_.size() > 0);
  co_return again;
}

Task<Reply> Session::answer(SessionRequest& request) {
  const std::optional<std::string> path = decoded_path(request.target());
  if (!path) co_return reply_of(not_found());
  auto found = find_route(request.method(), *path);
  if (std::holds_alternative<Unrouted>(found)) co_return reply_of(not_found());
  if (const auto* wrong = std::get_if<WrongMethod>(&found)) {
    Reply reply = reply_of({.status = 405,
                            .error = "Method not allowed",
                            .detail = fmt::format("here only {}", wrong->allowed)});
    reply.headers.push_back({"Allow", std::string(wrong->allowed)});
    co_return reply;
  }
  Route& route = std::get<Route>(found);
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
  HeadFacts facts{.now = site_.parts.clock.now(), .http_1_0 = request.is_http_1_0()};
  if (reply.live || (reply.source && !reply.length)) {
    facts.framing = head_only || facts.http_1_0 ? BodyFraming::kUntilClose : BodyFraming::kChunked;
  }
  facts.keep_alive = keep_alive && (head_only || facts.framing != BodyFraming::kUntilClose);
  report(request, reply);
  std::string out;
  append_head(reply, facts, out);
  if (reply.live && !head_only) {
    written_ = co_await send_live(*reply.live, facts.framing, std::move(out));
  } else if (reply.source && !head_only) {
    written_ = co_await send_source(*reply.source, facts.framing, std::move(out), std::move(block));
  } else {
    if (!head_only) out += reply.body;
    written_ = co_await write(out);
  }
  co_return written_&& facts.keep_alive;
}

Task<bool> Session::send_source(BodySource& source, BodyFraming framing, std::string out,
                                std::string block) {
  while (!block.empty()) {
    append_framed(block, framing, out);
    if (!co_await write(out)) co_return false;
    out.clear();
    Result<std::string> next = co_await next_block(source);
    if (!next) {
      log::warn("an answer broke off", {{"error", describe(next.error())}});
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

// Without reading the request: there is no room to. The peer may lose this to a reset, no more.
void Session::turn_away() {
  const Problem full{.status = 503,
                     .error = "Too many connections",
                     .detail = "the server has as many connections as it takes"};
  const Problem leaving{
      .status = 503, .error = "Service unavailable", .detail = "the server is shutting down"};
  const Reply reply = reply_of(site_.draining ? leaving : full);
  std::string out;
  append_head(reply, {.now = site_.parts.clock.now(), .keep_alive = false}, out);
  out += reply.body;
  error_code ignored;
  auto& socket = wire_.socket();
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(out), ignored);
  socket.shutdown(Socket::shutdown_send, ignored);
}

void Session::report(const SessionRequest& request, const Reply& reply) const {
  const std::string_view target = request.target();
  const std::string path = decoded_path(target).value_or("?");
  const log::Level level = reply.status < 500 ? log::Level::kDebug : log::Level::kWarn;
  log::write(level, "request",
             {{"method", std::string(request.method_name())},
              {"path", path},
              {"status", fmt::to_string(reply.status)},
              {"detail", reply.private_detail}});
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

void serve(Socket socket, Site& site, Connections& connections) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto session = std::make_shared<Session>(std::move(socket), site, connections);
  if (!connections.add(session)) return session->turn_away();
  asio::co_spawn(session->executor(), Session::run(session), note_end);
}

}  // namespace imgmill
