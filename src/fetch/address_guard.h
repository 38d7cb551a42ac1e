// Which addresses may be connected to: those that are globally routable, and what the operator
// allowed (CONTRACT section 4). An IPv4 address inside an IPv6 one is judged as IPv4. What is
// blocked is told as a public sentence that names the range and says how to allow it, and never the
// address: an inner name's address is nobody's business outside.
//
// An immutable value; usable from every thread. Includes base only.
#pragma once

#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "base/error.h"

namespace imgmill {

class AddressGuard {
 public:
  // `allow_nets` are CIDRs ("10.0.0.0/8", "fd00::/8") or single addresses. kInvalid names the wrong
  // one.
  [[nodiscard]] static Result<AddressGuard> create(std::span<const std::string> allow_nets);

  // False for anything that is neither IPv4 nor IPv6.
  [[nodiscard]] bool allows(const sockaddr& address) const { return !fault(address); }
  [[nodiscard]] bool allows(const in_addr& address) const;
  [[nodiscard]] bool allows(const in6_addr& address) const;

  // nullopt when it may be connected to; else why not and how to allow it.
  [[nodiscard]] std::optional<std::string> fault(const sockaddr& address) const;

  // The same for what a URL says by itself: a literal address in any form a resolver takes
  // ("127.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]") and the names of this machine
  // ("localhost",
  // "*.localhost"). Other names are judged when connecting.
  [[nodiscard]] std::optional<std::string> url_fault(std::string_view url) const;

  // An address or network. IPv4 is held as ::ffff:a.b.c.d, and matches nets of IPv4 only.
  using Address = std::array<std::uint8_t, 16>;
  struct Net {
    Address address{};
    int bits = 128;
  };

 private:
  explicit AddressGuard(std::vector<Net> allowed) : allowed_(std::move(allowed)) {}

  [[nodiscard]] std::optional<std::string> blocked_range(const Address& address) const;
  [[nodiscard]] std::optional<std::string> fault_of(const Address& address) const;
  [[nodiscard]] bool allowed(const Address& address) const;

  std::vector<Net> allowed_;
};

}  // namespace imgmill
