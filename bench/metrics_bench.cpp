// What counting costs: an image with its outcome, bytes and stages, and an HTTP request's labels
// looked up; and one scrape. CPU microseconds each. Run: metrics_bench [IMAGES]
#include <chrono>
#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include <time.h>

#include "work/image_metrics.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;

double cpu_us() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

template <class Fn>
void measure(const char* what, int count, Fn fn) {
  const double began = cpu_us();
  for (int i = 0; i < count; ++i) fn(i);
  fmt::print("{:<24} {:8.3f} us\n", what, (cpu_us() - began) / count);
}

void count_image(const Outcome& outcome) {
  const ImageMetrics& metrics = image_metrics();
  metrics.wait.observe(3ms);
  metrics.fetch.observe(40ms);
  metrics.codec.observe(2ms);
  metrics.store.observe(100us);
  metrics.count_codec_cpu(2'000);
  metrics.in_hand.set(64);
  metrics.count(outcome);
}

void run(int images) {
  const Outcome made{.rendered = Rendered{.bytes_in = 190'000, .bytes_out = 64'000}};
  const Outcome failed{.fault = ImageFault{FaultCode::kHttpStatus, "gone", 404}};
  measure("an image that was made", images, [&](int) { count_image(made); });
  measure("an image that failed", images, [&](int) { count_image(failed); });
  const metrics::Counters requests({"bench_requests_total", "Requests."},
                                   {"route", "method", "code"});
  measure("a request's labels", images,
          [&](int) { requests.of({"/api/status/{id}", "GET", "200"}).add(); });
  std::size_t bytes = 0;
  measure("a scrape", 20, [&](int) { bytes = metrics::exposition().size(); });
  fmt::print("{:<24} {:8} bytes\n", "its text", bytes);
}

}  // namespace
}  // namespace imgmill

int main(int argc, char** argv) { imgmill::run(argc > 1 ? std::atoi(argv[1]) : 1'000'000); }
