// Counters, gauges and histograms of this process, and the text in which Prometheus reads them
// (docs/operations.md lists them). Like the log they are the process's own: a room makes its
// metrics by name, where it begins, and counts into them. The same name and labels are the same
// metric.
//
//   const metrics::Counter made = metrics::counter({"imgmill_things_total", "Things made."});
//   made.add();
//
// Names follow Prometheus: base units, _seconds and _bytes, _total for counters. A label's values
// come from a set that nobody outside can extend. Thread-safe; prometheus-cpp stays behind this.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace imgmill::metrics {

using Duration = std::chrono::steady_clock::duration;

class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  void add(double by = 1) const;
  [[nodiscard]] double value() const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  void set(double value) const;
  void add(double by) const;
  [[nodiscard]] double value() const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  void observe(Duration duration) const;

 private:
  prometheus::Histogram* histogram_;
};

struct Name {
  std::string_view name;
  std::string_view help;  // one sentence
};

using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::initializer_list<Label>;

// Upper bounds of a histogram's buckets, in seconds: for what waits for a disk, and for what goes
// through the network or a codec.
[[nodiscard]] std::span<const double> short_waits();  // 0.1 ms to 10 s
[[nodiscard]] std::span<const double> long_waits();   // 1 ms to 60 s

[[nodiscard]] Counter counter(const Name& name, Labels labels = {});
[[nodiscard]] Gauge gauge(const Name& name, Labels labels = {});
[[nodiscard]] Histogram histogram(const Name& name, std::span<const double> bounds,
                                  Labels labels = {});

// Metrics of one name whose label values are known only when they are counted. Looking one up costs
// a shared lock and a hash.
class Counters {
 public:
  Counters(const Name& name, std::initializer_list<std::string_view> label_names);
  ~Counters();
  // One value for each label, in their order.
  [[nodiscard]] Counter of(std::initializer_list<std::string_view> values) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

class Histograms {
 public:
  Histograms(const Name& name, std::span<const double> bounds, std::string_view label_name);
  ~Histograms();
  [[nodiscard]] Histogram of(std::string_view value) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Observes how long it lived.
class Timer {
 public:
  explicit Timer(const Histogram& histogram)
      : histogram_(histogram), began_(SystemClock().steady_now()) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { histogram_.observe(SystemClock().steady_now() - began_); }

 private:
  const Histogram histogram_;
  const std::chrono::steady_clock::time_point began_;
};

// All there is, in the text format 0.0.4, and the process's own numbers (process_metrics.h).
[[nodiscard]] std::string exposition();

}  // namespace imgmill::metrics
