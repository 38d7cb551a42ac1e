// What the endpoints share: the edge's options and parts, and what it is doing.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/limits.h"
#include "http/edge.h"

namespace imgmill {

class ProgressFeeds;

struct Site {
  EdgeOptions options;
  EdgeParts parts;
  std::atomic<bool> draining{false};  // no new upload; those under way go on
  std::atomic<bool> stopping{false};  // they are refused as well
  std::atomic<int> uploads{0};        // under way
  std::atomic<std::int64_t> sample_rounds{0};
  ProgressFeeds* progress = nullptr;  // always set

  // Others want the place of an upload that dawdles: few are left, or the process is to end.
  [[nodiscard]] bool in_a_hurry() const {
    return draining || uploads > limits::kUploadsMax * 7 / 8;
  }
};

}  // namespace imgmill
