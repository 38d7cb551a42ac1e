#include "http/request_id.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <fmt/format.h>

#include "base/crypto.h"

namespace imgmill {
namespace {

constexpr std::size_t kGivenBytesMax = 128;

bool is_sane(std::string_view id) {
  return !id.empty() && id.size() <= kGivenBytesMax && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._~-+/=:@").contains(c);
  });
}

// A random number a request would cost more than the rest of a small answer's head.
std::string next_id() {
  static const std::uint64_t process = random_u64();
  static std::atomic<std::uint32_t> count{0};
  return fmt::format("{:016x}-{:08x}", process, ++count);
}

}  // namespace

std::string request_id_of(std::string_view given) {
  return is_sane(given) ? std::string(given) : next_id();
}

}  // namespace imgmill
