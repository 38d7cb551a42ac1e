// How long a peer may keep us waiting for one body: never longer than `stall` without a byte, and
// over the whole no slower than limits::kHttpBytesPerSecondMin. Only the waiting counts, not our
// own work. Pure.
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
  [[nodiscard]] Duration patience() const {
    const Duration earned = std::chrono::seconds(bytes_ / limits::kHttpBytesPerSecondMin);
    return std::clamp(stall_ + earned - waited_, Duration::zero(), stall_);
  }
  void moved(std::uint64_t bytes, Duration waited) {
    bytes_ += bytes;
    waited_ += waited;
  }

 private:
  const Duration stall_;
  std::uint64_t bytes_ = 0;
  Duration waited_{0};
};

}  // namespace imgmill
