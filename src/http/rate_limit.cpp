#include "http/rate_limit.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/limits.h"

namespace imgmill {
namespace {

using std::chrono::ceil;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr nanoseconds kWindow = std::chrono::minutes(1);

std::uint64_t front_of(const auto& bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

Payer payer_of(KeyNumber key) {
  return {.kind = Payer::Kind::kKey, .value = static_cast<std::uint64_t>(key)};
}

Payer payer_of(const boost::asio::ip::address& address) {
  if (address.is_v4()) return {Payer::Kind::kIpv4, front_of(address.to_v4().to_bytes(), 4)};
  const auto v6 = address.to_v6();
  const auto bytes = v6.to_bytes();
  if (v6.is_v4_mapped()) {
    const std::span<const std::uint8_t> v4 = std::span(bytes).last(4);
    return {Payer::Kind::kIpv4, front_of(v4, 4)};
  }
  return {Payer::Kind::kIpv6, front_of(bytes, 8)};
}

RateLimit::RateLimit(std::uint32_t requests_a_minute)
    : a_minute_(requests_a_minute),
      a_request_(a_minute_ > 0 ? kWindow / a_minute_ : nanoseconds(0)),
      seed_(random_u64()),
      sets_(a_minute_ > 0 ? limits::kRateAccountsMax / kWays : 0) {}

RateVerdict RateLimit::spend(const Payer& payer, Instant now) {
  const std::size_t set = set_of(payer);
  const std::scoped_lock lock(locks_[set % locks_.size()]);
  Account& account = account_in(sets_[set], payer);
  const Instant full_at = std::max(account.full_at, now) + a_request_;
  if (full_at - now > kWindow) {
    return {.allowed = false,
            .full_in = ceil<seconds>(account.full_at - now),
            .retry_in = ceil<seconds>(full_at - now - kWindow)};
  }
  account.full_at = full_at;
  return {.left = static_cast<std::uint32_t>((kWindow - (full_at - now)) / a_request_),
          .full_in = ceil<seconds>(full_at - now)};
}

std::vector<ReplyHeader> RateLimit::fields(const RateVerdict& verdict) const {
  return {
      {"RateLimit-Policy", fmt::format(R"("default";q={};w=60)", a_minute_)},
      {"RateLimit", fmt::format(R"("default";r={};t={})", verdict.left, verdict.full_in.count())}};
}

std::size_t RateLimit::set_of(const Payer& payer) const {
  std::uint64_t mixed = payer.value ^ seed_ ^ static_cast<std::uint64_t>(payer.kind) << 56;
  for (int i = 0; i < 2; ++i) {  // the finaliser of MurmurHash3, twice
    mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccdULL + seed_;
    mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53ULL;
  }
  return (mixed ^ mixed >> 33) % sets_.size();
}

RateLimit::Account& RateLimit::account_in(Set& set, const Payer& payer) {
  const auto known = std::ranges::find(set, payer, &Account::payer);
  if (known != set.end()) return *known;
  Account& forgotten = *std::ranges::min_element(set, {}, &Account::full_at);
  forgotten = {payer, Instant::min()};
  return forgotten;
}

}  // namespace imgmill
