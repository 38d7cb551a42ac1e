// What it costs to send a picture to a sandboxed child and back: 190 KB in, 64 KB out, and a
// "decoder" that only copies. Prints CPU microseconds an image, of this process and of the child,
// and wall time; the median of five rounds. Run: codec_ipc_bench [IMAGES]
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>
#include <time.h>

#include "tests/sandbox/hostile.h"

namespace imgmill {
namespace {

constexpr std::size_t kSourceBytes = 190'000;
constexpr int kRounds = 5;
constexpr int kInHand = 8;  // queued at once, as the engine does

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Cost {
  double parent_us = 0;
  double child_us = 0;
  double wall_us = 0;
};

// The spools are made before the clocks start: what fills them is the fetcher's share.
std::vector<Spool> make_spools(int count) {
  std::string source = "copy 64000\n";
  source.resize(kSourceBytes, 'x');
  std::vector<Spool> spools;
  for (int i = 0; i < count; ++i) spools.push_back(spool_of(source));
  return spools;
}

std::future<CodecOutcome> render_later(CodecPool& pool, Spool source) {
  auto promise = std::make_shared<std::promise<CodecOutcome>>();
  auto future = promise->get_future();
  pool.render(std::move(source), {},
              [promise](CodecOutcome outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

void render_all(CodecPool& pool, std::vector<Spool> spools) {
  std::array<std::future<CodecOutcome>, kInHand> in_hand;
  for (std::size_t i = 0; i < spools.size() + kInHand; ++i) {
    std::future<CodecOutcome>& place = in_hand[i % kInHand];
    if (place.valid() && !place.get().rendition) std::abort();
    if (i < spools.size()) place = render_later(pool, std::move(spools[i]));
  }
}

Cost measure(CodecPool& pool, clockid_t child_clock, int images) {
  std::vector<Spool> spools = make_spools(images);
  const double parent = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  const double child = seconds_of(child_clock);
  const double wall = seconds_of(CLOCK_MONOTONIC);
  render_all(pool, std::move(spools));
  const double per_image_us = 1e6 / images;
  return {.parent_us = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - parent) * per_image_us,
          .child_us = (seconds_of(child_clock) - child) * per_image_us,
          .wall_us = (seconds_of(CLOCK_MONOTONIC) - wall) * per_image_us};
}

int run(int images) {
  CodecPoolOptions options = hostile_options();
  options.images_per_life = images * (kRounds + 2);  // one child, whose clock is read
  const auto pool = hostile_pool(options);
  if (!pool) return 3;
  clockid_t child_clock = 0;
  const pid_t child = number_of(message_of(ask(*pool, "pid")));
  if (::clock_getcpuclockid(child, &child_clock) != 0) return 3;
  measure(*pool, child_clock, images);  // the first pages
  std::vector<Cost> rounds;
  for (int i = 0; i < kRounds; ++i) rounds.push_back(measure(*pool, child_clock, images));
  std::ranges::sort(rounds, {}, [](const Cost& cost) { return cost.parent_us + cost.child_us; });
  const Cost& median = rounds[kRounds / 2];
  fmt::print(
      "codec_ipc: 190 KB in, 64 KB out, {} images: parent {:.1f} us + child {:.1f} us CPU, "
      "{:.1f} us wall\n",
      images, median.parent_us, median.child_us, median.wall_us);
  return 0;
}

}  // namespace
}  // namespace imgmill

int main(int count, char** arguments) {
  const int images = count > 1 ? imgmill::number_of(arguments[1]) : 2'000;
  return images > 0 ? imgmill::run(images) : 2;
}
