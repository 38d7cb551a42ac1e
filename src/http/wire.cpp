#include "http/wire.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>

namespace imgmill {

Wire::Wire(Socket socket, const Clock& clock, const TlsCertificate* certificate)
    : socket_(std::move(socket)), clock_(clock) {
  if (certificate != nullptr) tls_ = std::make_unique<TlsStream>(socket_, *certificate);
}

void Wire::arm(Duration patience, Duration hurried) {
  timed_out_ = false;
  armed_at_ = clock_.steady_now();
  const Duration now = armed_at_.time_since_epoch();
  deadline_.store((now + patience).count(), std::memory_order_relaxed);
  hurried_deadline_.store((now + hurried).count(), std::memory_order_relaxed);
}

Wire::Duration Wire::disarm() {
  deadline_.store(kNever.count(), std::memory_order_relaxed);
  hurried_deadline_.store(kNever.count(), std::memory_order_relaxed);
  return clock_.steady_now() - armed_at_;
}

void Wire::enforce(Instant now, bool in_a_hurry) {
  if (!is_due(now, in_a_hurry)) return;
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

// Coroutines of Asio's or of the TlsStream's: none of our own in between.
Task<std::size_t> Wire::read_some(std::span<char> out, boost::system::error_code& error) {
  if (tls_) return tls_->read_some(out, error);
  return socket_.async_read_some(asio::buffer(out.data(), out.size()),
                                 asio::redirect_error(asio::use_awaitable, error));
}

Task<std::size_t> Wire::write_some(std::string_view bytes, boost::system::error_code& error) {
  if (tls_) return tls_->write_some(bytes, error);
  return socket_.async_write_some(asio::buffer(bytes),
                                  asio::redirect_error(asio::use_awaitable, error));
}

Task<boost::system::error_code> Wire::write(std::string_view bytes, Pace& pace) {
  boost::system::error_code error;
  while (!bytes.empty() && !error) {
    arm(pace.patience());
    const std::size_t count = co_await write_some(bytes, error);
    const Duration waited = disarm();
    pace.moved(count, waited);
    bytes.remove_prefix(count);
  }
  co_return error;
}

}  // namespace imgmill
