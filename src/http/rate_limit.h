// How many requests a key, or an address without one, may send: so many a minute, as a bucket that
// holds a minute's worth and fills steadily (GCRA). Memory is a table of fixed size: where more
// callers come than it has room for, who is nearest to a full bucket is forgotten, and so forgiven
// least. An IPv6 address counts as its /64, which one customer has.
//
// Thread-safe; a lock is shared by a 64th of the callers and held for nanoseconds.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "db/access.h"
#include "http/reply.h"

namespace imgmill {

struct Payer {
  enum class Kind : std::uint8_t { kNobody, kIpv4, kIpv6, kKey };
  Kind kind = Kind::kNobody;
  std::uint64_t value = 0;

  bool operator==(const Payer&) const = default;
};

[[nodiscard]] Payer payer_of(KeyNumber key);
[[nodiscard]] Payer payer_of(const boost::asio::ip::address& address);

struct RateVerdict {
  bool allowed = true;
  std::uint32_t left = 0;            // requests that may follow now
  std::chrono::seconds full_in{0};   // until a minute's worth is there again
  std::chrono::seconds retry_in{0};  // until the next one is allowed; of a refusal
};

class RateLimit {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // 0: no limit.
  explicit RateLimit(std::uint32_t requests_a_minute);

  [[nodiscard]] bool is_on() const { return a_minute_ > 0; }
  // One request; a refused one costs nothing.
  [[nodiscard]] RateVerdict spend(const Payer& payer, Instant now);
  // RateLimit-Policy and RateLimit, as the IETF's draft has them.
  [[nodiscard]] std::vector<ReplyHeader> fields(const RateVerdict& verdict) const;

 private:
  struct Account {
    Payer payer;
    Instant full_at;
  };
  static constexpr std::size_t kWays = 8;
  using Set = std::array<Account, kWays>;

  [[nodiscard]] std::size_t set_of(const Payer& payer) const;
  [[nodiscard]] static Account& account_in(Set& set, const Payer& payer);

  const std::uint32_t a_minute_;
  const std::chrono::nanoseconds a_request_;  // the time that one takes to come back
  const std::uint64_t seed_;                  // so that nobody can aim at another's set
  std::vector<Set> sets_;
  std::array<std::mutex, 64> locks_;
};

}  // namespace imgmill
