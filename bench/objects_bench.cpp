// objects_bench [OBJECTS [FOLDER]]: what the local store costs an object. First 64 KB objects put
// and made durable in chunks of 32, medians of five: to reach are 0.15 ms of CPU. Then OBJECTS
// (20,000) small ones in one folder: the first and the last thousand must cost about the same;
// then opening, reading and removing them.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "objects/local_dir.h"

namespace imgmill {
namespace {

constexpr std::size_t kChunk = 32;
constexpr std::size_t kRenditionBytes = 64 << 10;
constexpr std::size_t kSmallBytes = 100;
constexpr std::size_t kSample = 1'024;
constexpr int kRepeats = 5;

struct Cost {
  double cpu_ms = 0;
  double wall_ms = 0;

  static Cost now() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto ms = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
    };
    const auto wall = SystemClock().steady_now().time_since_epoch();
    return {ms(usage.ru_utime) + ms(usage.ru_stime),
            std::chrono::duration<double, std::milli>(wall).count()};
  }
};

// The cost of work(), which deals with `count` objects, an object.
template <class Work>
Cost cost_of(std::size_t count, Work work) {
  const Cost before = Cost::now();
  work();
  const Cost after = Cost::now();
  const auto share = 1.0 / static_cast<double>(count);
  return {(after.cpu_ms - before.cpu_ms) * share, (after.wall_ms - before.wall_ms) * share};
}

void must(const Result<void>& result) {
  if (result) return;
  fmt::print(stderr, "objects_bench: {}\n", describe(result.error()));
  std::exit(3);
}

std::string key_of(std::string_view batch, std::size_t number) {
  return fmt::format("processed/{}/photo-{}.jpg", batch,
                     to_hex(sha256(std::to_string(number))).substr(0, 16));
}

void put_chunks(LocalDir& store, std::string_view batch, std::size_t first, std::size_t count,
                std::span<const std::byte> bytes) {
  for (std::size_t i = first; i < first + count; i += kChunk) {
    std::vector<std::string> keys;
    for (std::size_t j = i; j < std::min(i + kChunk, first + count); ++j) {
      keys.push_back(key_of(batch, j));
      must(store.put(keys.back(), bytes));
    }
    must(store.make_durable(keys));
  }
}

void say(std::string_view what, const Cost& cost) {
  fmt::print("{:<44} {:7.4f} ms CPU {:7.4f} ms\n", what, cost.cpu_ms, cost.wall_ms);
}

void measure_renditions(LocalDir& store) {
  std::vector<std::uint8_t> picture(kRenditionBytes);
  random_bytes(picture);
  std::array<Cost, kRepeats> costs;
  for (Cost& cost : costs) {
    const std::string batch = random_uuid();
    cost = cost_of(
        kSample, [&] { put_chunks(store, batch, 0, kSample, std::as_bytes(std::span(picture))); });
    for (std::size_t i = 0; i < kSample; ++i) must(store.remove(key_of(batch, i)));
  }
  std::ranges::sort(costs, {}, &Cost::cpu_ms);
  say("64 KB: put and made durable, median CPU", costs[kRepeats / 2]);
  std::ranges::sort(costs, {}, &Cost::wall_ms);
  say("64 KB: put and made durable, median wall", costs[kRepeats / 2]);
}

void measure_one_folder(LocalDir& store, std::size_t objects) {
  const std::vector<std::byte> small(kSmallBytes);
  const std::string batch = random_uuid();
  const std::size_t sample = std::min(kSample, objects);
  say("small: the first put and made durable",
      cost_of(sample, [&] { put_chunks(store, batch, 0, sample, small); }));
  if (objects > 2 * sample) {
    for (std::size_t i = sample; i < objects - sample; ++i)
      must(store.put(key_of(batch, i), small));
    say(fmt::format("small: the last of {}", objects),
        cost_of(sample, [&] { put_chunks(store, batch, objects - sample, sample, small); }));
  }
  say("small: opened and read", cost_of(sample, [&] {
        std::array<std::byte, kSmallBytes> out;
        for (std::size_t i = 0; i < sample; ++i) {
          const auto reader = store.open(key_of(batch, i));
          if (!reader || !(*reader)->read(0, out)) std::exit(3);
        }
      }));
  say("small: removed, all", cost_of(objects, [&] {
        for (std::size_t i = 0; i < objects; ++i) must(store.remove(key_of(batch, i)));
      }));
}

int run(std::size_t objects, const std::filesystem::path& parent) {
  const std::filesystem::path folder = parent / ("imgmill-bench-" + random_uuid());
  {
    const auto store = LocalDir::create(folder);
    if (!store) must(std::unexpected(store.error()));
    measure_renditions(**store);
    measure_one_folder(**store, objects);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace imgmill

int main(int argc, char** argv) {
  std::size_t objects = 20'000;
  if (argc > 1) {
    const std::string_view text = argv[1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), objects);
    if (error != std::errc() || end != text.data() + text.size() || objects == 0) return 2;
  }
  return imgmill::run(objects, argc > 2 ? argv[2] : std::filesystem::temp_directory_path());
}
