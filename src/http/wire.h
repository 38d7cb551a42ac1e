// A socket under deadlines. Instead of a timer an await, which costs a lock and a heap operation
// each, a wire carries one deadline that the edge's watch looks at every
// limits::kHttpWatchInterval. It has two: the second is for when the edge is in a hurry (site.h).
//
// On the connection's strand, but for is_due().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

#include "base/async.h"
#include "base/clock.h"
#include "http/pace.h"

namespace imgmill {

using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;

class Wire {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using Instant = std::chrono::steady_clock::time_point;

  Wire(Socket socket, const Clock& clock) : socket_(std::move(socket)), clock_(clock) {}

  [[nodiscard]] Socket& socket() { return socket_; }

  // Before and after each await on the socket; disarm() says how long it took. In a hurry it is
  // `hurried` that counts.
  void arm(Duration patience) { arm(patience, patience); }
  void arm(Duration patience, Duration hurried);
  [[nodiscard]] Duration disarm();
  // Whether the last await was ended by its deadline.
  [[nodiscard]] bool timed_out() const { return timed_out_; }

  [[nodiscard]] bool is_due(Instant now, bool in_a_hurry) const {
    const auto& deadline = in_a_hurry ? hurried_deadline_ : deadline_;
    return now.time_since_epoch() >= Duration(deadline.load(std::memory_order_relaxed));
  }
  void enforce(Instant now, bool in_a_hurry);

  // Writes all of `bytes`, which stay where they are until it is done.
  [[nodiscard]] Task<boost::system::error_code> write(std::string_view bytes, Pace& pace);

 private:
  static constexpr Duration kNever = Duration::max();

  Socket socket_;
  const Clock& clock_;
  std::atomic<Duration::rep> deadline_{kNever.count()};
  std::atomic<Duration::rep> hurried_deadline_{kNever.count()};
  Instant armed_at_{};
  bool timed_out_ = false;
};

}  // namespace imgmill
