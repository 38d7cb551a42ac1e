#include "base/metrics.h"

#include <array>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/process_metrics.h"
#include "base/version.h"

namespace imgmill::metrics {
namespace {

constexpr std::array kShortWaits{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                 0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
constexpr std::array kLongWaits{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};

// Lives as long as the process: threads that end late still count.
prometheus::Registry& registry() {
  static const auto owner = std::make_unique<prometheus::Registry>();
  return *owner;
}

template <class Builder>
auto& family(Builder builder, const Name& name) {
  return builder.Name(std::string(name.name)).Help(std::string(name.help)).Register(registry());
}

prometheus::Labels labels_of(std::span<const Label> labels) {
  prometheus::Labels map;
  for (const auto& [name, value] : labels) map.emplace(name, value);
  return map;
}

prometheus::Histogram::BucketBoundaries bounds_of(std::span<const double> bounds) {
  return {bounds.begin(), bounds.end()};
}

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// What was looked up before. prometheus-cpp makes a map of labels and a new metric for each look.
template <class Metric>
class Cache {
 public:
  template <class Make>
  [[nodiscard]] Metric& find(const std::string& key, Make make) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto known = metrics_.find(key); known != metrics_.end()) return *known->second;
    }
    const std::unique_lock lock(mutex_);
    return *metrics_.try_emplace(key, &make()).first->second;
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<std::string, Metric*> metrics_;
};

void declare_build() {
  gauge({"imgmill_build_info", "Always 1; its label is the program's version."},
        {{"version", IMGMILL_VERSION}})
      .set(1);
}

}  // namespace

void Counter::add(double by) const { counter_->Increment(by); }
double Counter::value() const { return counter_->Value(); }

void Gauge::set(double value) const { gauge_->Set(value); }
void Gauge::add(double by) const { gauge_->Increment(by); }
double Gauge::value() const { return gauge_->Value(); }

void Histogram::observe(Duration duration) const { histogram_->Observe(seconds_of(duration)); }

std::span<const double> short_waits() { return kShortWaits; }
std::span<const double> long_waits() { return kLongWaits; }

Counter counter(const Name& name, Labels labels) {
  return Counter(family(prometheus::BuildCounter(), name).Add(labels_of(labels)));
}

Gauge gauge(const Name& name, Labels labels) {
  return Gauge(family(prometheus::BuildGauge(), name).Add(labels_of(labels)));
}

Histogram histogram(const Name& name, std::span<const double> bounds, Labels labels) {
  return Histogram(
      family(prometheus::BuildHistogram(), name).Add(labels_of(labels), bounds_of(bounds)));
}

class Counters::Impl {
 public:
  Impl(const Name& name, std::initializer_list<std::string_view> label_names)
      : family_(family(prometheus::BuildCounter(), name)),
        label_names_(label_names.begin(), label_names.end()) {}

  prometheus::Counter& of(std::initializer_list<std::string_view> values) {
    std::string key;
    for (const std::string_view value : values) key.append(value) += '\0';
    return cache_.find(key, [&]() -> prometheus::Counter& {
      prometheus::Labels labels;
      auto name = label_names_.begin();
      for (const std::string_view value : values) labels.emplace(*name++, value);
      return family_.Add(labels);
    });
  }

 private:
  prometheus::Family<prometheus::Counter>& family_;
  const std::vector<std::string> label_names_;
  Cache<prometheus::Counter> cache_;
};

Counters::Counters(const Name& name, std::initializer_list<std::string_view> label_names)
    : impl_(std::make_unique<Impl>(name, label_names)) {}
Counters::~Counters() = default;

Counter Counters::of(std::initializer_list<std::string_view> values) const {
  return Counter(impl_->of(values));
}

class Histograms::Impl {
 public:
  Impl(const Name& name, std::span<const double> bounds, std::string_view label_name)
      : family_(family(prometheus::BuildHistogram(), name)),
        bounds_(bounds_of(bounds)),
        label_name_(label_name) {}

  prometheus::Histogram& of(std::string_view value) {
    const std::string key(value);
    return cache_.find(key, [&]() -> prometheus::Histogram& {
      return family_.Add({{label_name_, key}}, bounds_);
    });
  }

 private:
  prometheus::Family<prometheus::Histogram>& family_;
  const prometheus::Histogram::BucketBoundaries bounds_;
  const std::string label_name_;
  Cache<prometheus::Histogram> cache_;
};

Histograms::Histograms(const Name& name, std::span<const double> bounds,
                       std::string_view label_name)
    : impl_(std::make_unique<Impl>(name, bounds, label_name)) {}
Histograms::~Histograms() = default;

Histogram Histograms::of(std::string_view value) const { return Histogram(impl_->of(value)); }

std::string exposition() {
  declare_build();
  std::string text = prometheus::TextSerializer().Serialize(registry().Collect());
  append_process_metrics(text);
  return text;
}

}  // namespace imgmill::metrics
