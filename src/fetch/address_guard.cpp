#include "fetch/address_guard.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "fetch/fetch_url.h"

namespace imgmill {
namespace {

using Address = AddressGuard::Address;
using Net = AddressGuard::Net;

constexpr std::string_view kLoopback = "127.0.0.0/8";

// CONTRACT section 4, in its order.
constexpr std::string_view kBlocked[] = {
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/96", "64:ff9b::/96",
    "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "3fff::/20", "2002::/16",
    "5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8",
    // Not in its words, but not globally routable either: benchmarks, ORCHID, the old site-local.
    "2001:2::/48", "2001:10::/28", "fec0::/10",
    // And all that IANA has not set aside for global unicast, which is 2000::/3 alone (RFC 4291).
    "::/3", "4000::/2", "8000::/1"};

struct NamedNet {
  std::string_view name;
  Net net;
};

Address mapped(const in_addr& v4) {
  Address address{};
  address[10] = address[11] = 0xff;
  std::memcpy(address.data() + 12, &v4, 4);
  return address;
}

Address widened(const in6_addr& v6) {
  Address address;
  std::memcpy(address.data(), &v6, address.size());
  return address;
}

bool is_ipv4(const Address& address) {
  return address[10] == 0xff && address[11] == 0xff &&
         std::all_of(address.begin(), address.begin() + 10, [](auto byte) { return byte == 0; });
}

bool same_prefix(const Address& a, const Address& b, int bits) {
  const int whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool contains(const Net& net, const Address& address) {
  const bool net_is_ipv4 = net.bits >= 96 && is_ipv4(net.address);
  return net_is_ipv4 == is_ipv4(address) && same_prefix(net.address, address, net.bits);
}

std::optional<Address> parse_address(const std::string& text) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return mapped(v4);
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) return widened(v6);
  return std::nullopt;
}

std::optional<int> parse_bits(std::string_view text, int bits_max) {
  int bits = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (bits < 0 || bits > bits_max) return std::nullopt;
  return bits;
}

std::optional<Net> parse_net(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address_text(text.substr(0, slash));
  const auto address = parse_address(address_text);
  if (!address) return std::nullopt;
  if (slash == text.npos) return Net{*address, 128};
  const int above = address_text.find(':') == std::string::npos ? 96 : 0;
  const auto bits = parse_bits(text.substr(slash + 1), 128 - above);
  if (!bits) return std::nullopt;
  return Net{*address, *bits + above};
}

std::vector<NamedNet> parse_blocked() {
  std::vector<NamedNet> nets;
  for (const std::string_view name : kBlocked) nets.push_back({name, parse_net(name).value()});
  return nets;
}

const std::vector<NamedNet>& blocked_nets() {
  static const std::vector<NamedNet> nets = parse_blocked();
  return nets;
}

// RFC 5214: an interface identifier of [u-bit] 00-00-5e-fe and the IPv4 address, under any prefix.
bool is_isatap(const Address& address) {
  return (address[8] == 0x00 || address[8] == 0x02) && address[9] == 0 && address[10] == 0x5e &&
         address[11] == 0xfe;
}

// The IPv4 address that a translator (NAT64) or relay (6to4) would really connect to.
std::optional<Address> behind(const Address& address) {
  static const Net nat64 = parse_net("64:ff9b::/96").value();
  static const Net six_to_four = parse_net("2002::/16").value();
  in_addr v4{};
  if (contains(nat64, address)) {
    std::memcpy(&v4, address.data() + 12, 4);
  } else if (contains(six_to_four, address)) {
    std::memcpy(&v4, address.data() + 2, 4);
  } else {
    return std::nullopt;
  }
  return mapped(v4);
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, address.data(), text, sizeof text);
  return text;
}

// A host as getaddrinfo() reads one: inet_aton's forms, then IPv6 in brackets, without its zone.
std::optional<Address> literal_address(std::string host) {
  if (host.ends_with('.')) host.pop_back();
  in_addr v4{};
  if (inet_aton(host.c_str(), &v4) != 0) return mapped(v4);
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::nullopt;
  host = host.substr(1, host.size() - 2);
  return parse_address(host.substr(0, host.find('%')));
}

bool is_this_machine(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host.ends_with(".localhost");
}

std::string sentence(std::string_view range) {
  return fmt::format(
      "the address is in {0}, which is not public; the operator can allow it with --allow-nets {0} "
      "or IMGMILL_ALLOW_NETS",
      range);
}

}  // namespace

Result<AddressGuard> AddressGuard::create(std::span<const std::string> allow_nets) {
  std::vector<Net> allowed;
  for (const std::string& text : allow_nets) {
    const auto net = parse_net(text);
    if (!net) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("\"{}\" is not a network such as 10.0.0.0/8 or fd00::/8", text));
    }
    allowed.push_back(*net);
  }
  return AddressGuard(std::move(allowed));
}

bool AddressGuard::allows(const in_addr& address) const { return !blocked_range(mapped(address)); }

bool AddressGuard::allows(const in6_addr& address) const {
  return !blocked_range(widened(address));
}

bool AddressGuard::allowed(const Address& address) const {
  return std::ranges::any_of(allowed_, [&](const Net& net) { return contains(net, address); });
}

std::optional<std::string> AddressGuard::blocked_range(const Address& address) const {
  if (allowed(address)) {
    // Allowing the translator's range opens the public IPv4 behind it, not the private.
    const auto target = behind(address);
    return target ? blocked_range(*target) : std::nullopt;
  }
  for (const NamedNet& blocked : blocked_nets()) {
    if (contains(blocked.net, address)) return std::string(blocked.name);
  }
  if (is_isatap(address)) return to_text(address) + "/128";
  return std::nullopt;
}

std::optional<std::string> AddressGuard::fault_of(const Address& address) const {
  const auto range = blocked_range(address);
  if (!range) return std::nullopt;
  return sentence(*range);
}

std::optional<std::string> AddressGuard::fault(const sockaddr& address) const {
  if (address.sa_family == AF_INET) {
    return fault_of(mapped(reinterpret_cast<const sockaddr_in&>(address).sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    return fault_of(widened(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr));
  }
  return "the address is neither IPv4 nor IPv6";
}

std::optional<std::string> AddressGuard::url_fault(std::string_view url) const {
  const auto parsed = parse_fetch_url(url);
  if (!parsed) return "it is not an http or https URL that can be fetched";
  if (const auto address = literal_address(parsed->host)) return fault_of(*address);
  if (!is_this_machine(parsed->host)) return std::nullopt;
  // It has two addresses; one that is allowed is enough.
  const bool reachable = allows(in_addr{htonl(INADDR_LOOPBACK)}) || allows(in6addr_loopback);
  if (reachable) return std::nullopt;
  return sentence(kLoopback);
}

}  // namespace imgmill
