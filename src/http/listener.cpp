#include "http/listener.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "http/session.h"

namespace imgmill {
namespace {

using boost::system::error_code;

// Without descriptors or memory accepting fails at once, again and again.
constexpr auto kRest = std::chrono::milliseconds(100);

std::string name_of(const std::string& address, std::uint16_t port) {
  return fmt::format(fmt::runtime(address.contains(':') ? "[{}]:{}" : "{}:{}"), address, port);
}

}  // namespace

Listener::Listener(asio::io_context& io, Strand strand, Site& site, Connections& connections,
                   Door door)
    : io_(io), site_(site), connections_(connections), door_(door), acceptor_(std::move(strand)) {}

Result<void> Listener::bind(std::string_view setting, const std::string& address,
                            std::uint16_t port) {
  error_code error;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: cannot listen on {}: it is no IP address",
                                                 setting, name_of(address, port)));
  }
  const asio::ip::tcp::endpoint endpoint(ip, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::kUnavailable, fmt::format("{}: cannot listen on {}: {}", setting,
                                                     name_of(address, port), error.message()));
  }
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

Task<void> Listener::run() {
  while (acceptor_.is_open()) {
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const Strand strand = asio::make_strand(io_);
    Socket socket = co_await acceptor_.async_accept(strand, token);
    if (!error) {
      serve(std::move(socket), site_, connections_, door_);
    } else if (error != asio::error::operation_aborted &&
               error != asio::error::connection_aborted) {
      co_await rest(error);
    }
  }
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
}

Task<void> Listener::rest(error_code reason) {
  log::warn("no connection can be accepted for the moment; is the limit of open files too low?",
            {{"error", reason.message()}});
  asio::basic_waitable_timer<std::chrono::steady_clock> timer(acceptor_.get_executor());
  timer.expires_after(kRest);
  auto token = asio::redirect_error(asio::use_awaitable, reason);
  co_await timer.async_wait(token);
}

}  // namespace imgmill
