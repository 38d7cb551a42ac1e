// What the endpoints share: the edge's options and parts, and what it is doing.
#pragma once

#include <atomic>

#include "http/edge.h"

namespace imgmill {

struct Site {
  EdgeOptions options;
  EdgeParts parts;
  std::atomic<bool> draining{false};
  std::atomic<int> uploads{0};  // under way
};

}  // namespace imgmill
