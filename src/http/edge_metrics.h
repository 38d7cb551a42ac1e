// What the edge counts. Any thread.
#pragma once

#include <string_view>

#include "base/metrics.h"
#include "http/request.h"

namespace imgmill {

class EdgeMetrics {
 public:
  EdgeMetrics();

  // `route` is a pattern of the router, or kNoRoute, kMalformed: never a path.
  void count_request(std::string_view route, Method method, int status,
                     metrics::Duration duration) const;

  static constexpr std::string_view kNoRoute = "unmatched";
  static constexpr std::string_view kMalformed = "malformed";

  const metrics::Gauge connections;
  const metrics::Counter connections_taken;
  const metrics::Counter connections_refused;
  const metrics::Gauge uploads;
  const metrics::Counter uploads_accepted;
  const metrics::Counter uploads_refused;
  const metrics::Counter upload_bytes;
  const metrics::Gauge queue_images;
  const metrics::Gauge queue_age;

 private:
  const metrics::Counters requests_;
  const metrics::Histograms durations_;
};

}  // namespace imgmill
