#include "base/metrics.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace imgmill::metrics {
namespace {

using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  const Name name{"test_same_total", "Things."};
  counter(name, {{"kind", "a"}}).add();
  counter(name, {{"kind", "a"}}).add(2);
  EXPECT_EQ(counter(name, {{"kind", "a"}}).value(), 3);
  EXPECT_EQ(counter(name, {{"kind", "b"}}).value(), 0);
}

TEST(Metrics, AreWrittenWithTheirHelpAndType) {
  counter({"test_written_total", "Written things."}, {{"kind", "a\"b"}}).add();
  gauge({"test_level", "How high."}).set(-2.5);
  const std::string text = exposition();
  EXPECT_THAT(text, HasSubstr("# HELP test_written_total Written things.\n"
                              "# TYPE test_written_total counter\n"
                              "test_written_total{kind=\"a\\\"b\"} 1"));
  EXPECT_THAT(text, HasSubstr("# TYPE test_level gauge\ntest_level -2.5"));
}

TEST(Metrics, AHistogramCountsUpToItsBounds) {
  const Histogram waits = histogram({"test_wait_seconds", "Waits."}, short_waits());
  waits.observe(1ms);
  waits.observe(1001us);
  waits.observe(1h);
  const std::string text = exposition();
  EXPECT_THAT(text, ContainsRegex("test_wait_seconds_bucket.le=\"0.001\". 1\n"));
  EXPECT_THAT(text, ContainsRegex("test_wait_seconds_bucket.le=\"0.0025\". 2\n"));
  EXPECT_THAT(text, ContainsRegex("test_wait_seconds_bucket.le=\"10\". 2\n"));
  EXPECT_THAT(text, ContainsRegex("test_wait_seconds_bucket.le=\".Inf\". 3\n"));
  EXPECT_THAT(text, HasSubstr("test_wait_seconds_count 3"));
}

TEST(Metrics, ValuesOfLabelsMayBeKnownLate) {
  const Counters counters({"test_late_total", "Late."}, {"route", "code"});
  counters.of({"/a", "200"}).add();
  counters.of({"/a", "200"}).add();
  counters.of({"/a2", "00"}).add();
  const std::string text = exposition();
  EXPECT_THAT(text, HasSubstr("test_late_total{code=\"200\",route=\"/a\"} 2"));
  EXPECT_THAT(text, HasSubstr("test_late_total{code=\"00\",route=\"/a2\"} 1"));
}

TEST(Metrics, CountFromManyThreads) {
  const Counters counters({"test_threads_total", "Of threads."}, {"kind"});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&counters] {
        for (int n = 0; n < 1'000; ++n) counters.of({"x"}).add();
      });
    }
  }
  EXPECT_EQ(counters.of({"x"}).value(), 4'000);
}

TEST(Metrics, HoldTheProcessAndTheBuild) {
  const std::string text = exposition();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_virtual_memory_bytes", "process_open_fds", "process_max_fds"}) {
    EXPECT_THAT(text, ContainsRegex(std::string("\n") + name + " [0-9.e+]+\n"));
    EXPECT_THAT(text, Not(ContainsRegex(std::string("\n") + name + " 0\n")));
  }
  EXPECT_THAT(text, ContainsRegex("\nprocess_start_time_seconds 1[0-9]{9}"));
  EXPECT_THAT(text, ContainsRegex("imgmill_build_info.version=\"[0-9.]+\". 1"));
}

}  // namespace
}  // namespace imgmill::metrics
