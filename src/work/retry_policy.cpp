#include "work/retry_policy.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;

constexpr std::array<Micros, limits::kFetchAttemptsMax - 1> kPauses{1s, 5s};

// 0.8 to 1.2 of the pause.
Micros jittered(Micros pause, std::uint64_t random) {
  const auto thousandths = static_cast<std::int64_t>(800 + random % 401);
  return pause * thousandths / 1'000;
}

}  // namespace

std::optional<Micros> pause_after(const FetchFault& fault, std::uint32_t tries,
                                  std::uint64_t random) {
  if (!fault.retryable || tries < 1 || tries > kPauses.size()) return std::nullopt;
  const Micros pause = jittered(kPauses[tries - 1], random);
  if (!fault.retry_after) return pause;
  return std::max<Micros>(pause, std::min<Micros>(*fault.retry_after, limits::kRetryAfterMax));
}

FetchFault storage_fault(const Error& error) {
  const bool full = error.code == ErrorCode::kNoSpace;
  return {.fault = {FaultCode::kStorageFailed,
                    full ? "the store is full: make room, then retry"
                         : "the picture could not be stored; the server's log has the reason"},
          .retryable = true,
          .retry_after = std::nullopt};
}

}  // namespace imgmill
