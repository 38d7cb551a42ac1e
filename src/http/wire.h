// A socket under deadlines, with or without TLS over it. Instead of a timer an await, which costs a
// lock and a heap operation each, a wire carries one deadline that the edge's watch looks at every
// limits::kHttpWatchInterval. It has two: the second is for when the edge is in a hurry (site.h).
//
// On the connection's strand, but for is_due().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

#include "base/async.h"
#include "base/clock.h"
#include "http/pace.h"
#include "http/socket.h"
#include "http/tls.h"

namespace imgmill {

class Wire {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using Instant = std::chrono::steady_clock::time_point;

  // With a certificate, hands are shaken before anything else.
  Wire(Socket socket, const Clock& clock, const TlsCertificate* certificate);

  [[nodiscard]] Socket& socket() { return socket_; }
  // Null without TLS.
  [[nodiscard]] TlsStream* tls() { return tls_.get(); }
  // What is said from here on is said in the clear.
  void drop_tls() { tls_.reset(); }

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

  // At least one byte, or an error.
  [[nodiscard]] Task<std::size_t> read_some(std::span<char> out, boost::system::error_code& error);
  // Writes all of `bytes`, which stay where they are until it is done.
  [[nodiscard]] Task<boost::system::error_code> write(std::string_view bytes, Pace& pace);

 private:
  static constexpr Duration kNever = Duration::max();

  [[nodiscard]] Task<std::size_t> write_some(std::string_view bytes,
                                             boost::system::error_code& error);

  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
  const Clock& clock_;
  std::atomic<Duration::rep> deadline_{kNever.count()};
  std::atomic<Duration::rep> hurried_deadline_{kNever.count()};
  Instant armed_at_{};
  bool timed_out_ = false;
};

}  // namespace imgmill
