#include "http/wire.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>

namespace imgmill {

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

Task<boost::system::error_code> Wire::write(std::string_view bytes, Pace& pace) {
  boost::system::error_code error;
  while (!bytes.empty() && !error) {
    const auto buffer = asio::buffer(bytes);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    arm(pace.patience());
    const std::size_t count = co_await socket_.async_write_some(buffer, token);
    const Duration waited = disarm();
    pace.moved(count, waited);
    bytes.remove_prefix(count);
  }
  co_return error;
}

}  // namespace imgmill
