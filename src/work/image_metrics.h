// What the engine counts of its images. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/metrics.h"
#include "db/db.h"

namespace imgmill {

class ImageMetrics {
 public:
  ImageMetrics();

  void count(const Outcome& outcome) const;
  void count_final(BatchState state) const;
  void count_codec_cpu(std::uint32_t us) const;

  // Where an image's time went: waiting for a place among the downloads or for a child; and at
  // work.
  const metrics::Histogram wait;
  const metrics::Histogram fetch;
  const metrics::Histogram codec;
  const metrics::Histogram store;
  const metrics::Gauge in_hand;
  const metrics::Counter fenced_off;

 private:
  const metrics::Counters outcomes_;
  const metrics::Counters batches_;
  const metrics::Counter source_bytes_;
  const metrics::Counter rendition_bytes_;
  const metrics::Counter codec_seconds_;
};

// The process's; the engine makes them when it is made, so that they are there before the first
// image.
[[nodiscard]] const ImageMetrics& image_metrics();

// The fault's word for a label: an origin can answer with any status, so that rare ones become
// their class, "http_4xx".
[[nodiscard]] std::string reason_of(const ImageFault& fault);

}  // namespace imgmill
