// How long a peer may keep us waiting for one body: never longer than `stall` without a byte, and
// over the whole no slower than limits::kHttpBytesPerSecondMin. Only the waiting counts, not our
// own work. Where many want the place of one that dawdles, it has limits::kHttpHurriedStallDeadline
// instead of `stall`. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/limits.h"

namespace imgmill {

class Pace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit Pace(Duration stall) : stall_(stall) {}

  // For the next byte.
  [[nodiscard]] Duration patience() const { return patience(stall_); }
  [[nodiscard]] Duration hurried_patience() const {
    return patience(std::min<Duration>(stall_, limits::kHttpHurriedStallDeadline));
  }
  void moved(std::uint64_t bytes, Duration waited) {
    bytes_ += bytes;
    waited_ += waited;
  }

 private:
  [[nodiscard]] Duration patience(Duration stall) const {
    const Duration earned = std::chrono::seconds(bytes_ / limits::kHttpBytesPerSecondMin);
    return std::clamp(stall + earned - waited_, Duration::zero(), stall);
  }

  const Duration stall_;
  std::uint64_t bytes_ = 0;
  Duration waited_{0};
};

}  // namespace imgmill
