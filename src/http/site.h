// What the endpoints share: the edge's options and parts, and what it is doing.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/limits.h"
#include "http/access.h"
#include "http/edge.h"
#include "http/edge_metrics.h"
#include "http/idempotency.h"
#include "http/tls.h"

namespace imgmill {

class ProgressFeeds;

struct Site {
  EdgeOptions options;
  EdgeParts parts;
  Access access{options, parts};
  std::unique_ptr<TlsCertificate> certificate{};  // null: plain HTTP
  std::atomic<bool> draining{false};              // no new upload; those under way go on
  std::atomic<bool> stopping{false};              // they are refused as well
  std::atomic<int> uploads{0};                    // under way
  const EdgeMetrics metrics{};
  std::atomic<bool> queue_is_being_read{false};  // for the metrics
  KeysUnderWay keys_under_way{};                 // their Idempotency-Keys
  std::atomic<std::int64_t> sample_rounds{0};
  ProgressFeeds* progress = nullptr;  // always set

  // Others want the place of an upload that dawdles: few are left, or the process is to end.
  [[nodiscard]] bool in_a_hurry() const {
    return draining || uploads > limits::kUploadsMax * 7 / 8;
  }
};

}  // namespace imgmill
