// A wake-up call between coroutines of one thread: wait() returns after set(), or after a time. A
// set() with nobody waiting is kept for the next wait().
#pragma once

#include <chrono>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/async.h"

namespace imgmill {

class Signal {
 public:
  explicit Signal(const asio::any_io_executor& executor) : timer_(executor) {}

  void set() {
    set_ = true;
    timer_.cancel();
  }

  // Forgets a set() that nobody waited for.
  void clear() { set_ = false; }

  [[nodiscard]] Task<void> wait(std::chrono::milliseconds at_most) {
    if (!set_) {
      timer_.expires_after(at_most);
      boost::system::error_code cancelled;  // by set(); either way it is time to look
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    set_ = false;
  }

 private:
  asio::steady_timer timer_;
  bool set_ = false;
};

}  // namespace imgmill
