// db_bench [IMAGES [FOLDER]]: what the SQLite engine costs. Takes in IMAGES (1,000,000) images with
// a placement each, leases and finishes in a small and in a large table (10,000 and three times
// IMAGES), asks for a status, lists pages of images, cancels and erases the large one. The figures
// to reach stand in the issue: at least 250,000 rows a second taken in, 10,000 images a second
// leased and finished with synchronous=FULL, the same within 20 % in the large table, and a status
// below 10 µs.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/crypto.h"
#include "db/sqlite/sqlite_db.h"

namespace imgmill {
namespace {

constexpr std::uint32_t kAppendImages = 4'096;
constexpr std::uint32_t kLeaseImages = 64;
constexpr std::uint32_t kFinishImages = 256;
constexpr std::uint32_t kSmallTable = 10'000;
constexpr int kRepeats = 5;
constexpr std::uint32_t kPages = 100;
constexpr std::uint32_t kPageImages = 50;
constexpr auto kLease = std::chrono::seconds(30);

struct Usage {
  double wall_s = 0;
  double cpu_s = 0;

  [[nodiscard]] static Usage now() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    const auto wall = std::chrono::steady_clock::now().time_since_epoch();
    return {std::chrono::duration<double>(wall).count(),
            seconds(usage.ru_utime) + seconds(usage.ru_stime)};
  }
};

Usage operator-(Usage a, Usage b) { return {a.wall_s - b.wall_s, a.cpu_s - b.cpu_s}; }

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

template <class T>
T must(Result<T> result) {
  if (result) {
    if constexpr (!std::is_void_v<T>)
      return *std::move(result);
    else
      return;
  }
  fmt::print(stderr, "db_bench: {}\n", describe(result.error()));
  std::exit(1);
}

void print_line(std::string_view what, std::uint64_t count, Usage used) {
  const auto n = static_cast<double>(count);
  fmt::print("{:<34} {:>9} {:>11.0f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.0f}\n", what, count,
             n / used.wall_s, used.wall_s, used.cpu_s, used.cpu_s / n * 1e6, peak_rss_mb());
}

struct Bench {
  std::filesystem::path folder;
  SystemClock clock;

  [[nodiscard]] std::unique_ptr<SqliteDb> fresh(const char* name) const {
    const std::filesystem::path file = folder / name;
    for (const char* end : {"", "-wal", "-shm"}) {
      std::filesystem::remove(file.native() + end);
    }
    return must(SqliteDb::open({.file = file}, clock));
  }

  BatchKey take_in(SqliteDb& db, const std::string& id, std::uint32_t images) const;
  Usage work_off(SqliteDb& db, std::uint32_t images) const;
  Usage ask(SqliteDb& db, const std::string& id, std::uint32_t times) const;
  Usage list(SqliteDb& db, BatchKey batch, std::uint64_t first) const;
};

BatchKey Bench::take_in(SqliteDb& db, const std::string& id, std::uint32_t images) const {
  const BatchKey batch = must(db.open_batch(
      {.request_id = id, .webhook_url = "https://shop.example/hook", .csv_key = "uploads/x.csv"},
      clock.now()));
  std::vector<std::string> urls(kAppendImages);
  std::vector<std::string> serials(kAppendImages);
  for (std::uint32_t first = 0; first < images; first += kAppendImages) {
    const std::uint32_t count = std::min(kAppendImages, images - first);
    std::vector<NewImage> new_images(count);
    std::vector<NewPlacement> placements(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t image = first + i;
      urls[i] = fmt::format("https://images.example.com/catalogue/2024/{:08}.jpg", image);
      serials[i] = fmt::format("{}", image + 1);
      new_images[i].url = urls[i];
      placements[i] = {image + 1, 1, image, serials[i], "Garden chair, oak, foldable"};
    }
    must(db.append_images(batch, new_images, placements));
  }
  must(db.seal_batch(batch, clock.now()));
  return batch;
}

void add_outcomes(const Lease& lease, std::vector<Outcome>& outcomes) {
  for (const LeasedImage& image : lease.images) {
    Rendered made{.output_key = fmt::format("processed/{}/{:08}-0123456789abcdef.jpg",
                                            lease.request_id, image.image),
                  .width = 1200,
                  .height = 1200,
                  .bytes_in = 190'000,
                  .bytes_out = 81'000};
    outcomes.push_back({.lease = lease.id, .image = image.image, .tries = 1, .rendered = made});
  }
}

Usage Bench::work_off(SqliteDb& db, std::uint32_t images) const {
  const Usage start = Usage::now();
  std::vector<Outcome> outcomes;
  for (std::uint32_t finished = 0; finished < images;) {
    const Time now = clock.now();
    const auto leases = must(db.lease_images("bench", kLeaseImages, {}, now, now + kLease));
    for (const Lease& lease : leases) add_outcomes(lease, outcomes);
    if (outcomes.size() < kFinishImages && !leases.empty()) continue;
    finished += must(db.finish_images(outcomes, now)).applied;
    outcomes.clear();
    if (leases.empty()) break;
  }
  return Usage::now() - start;
}

Usage Bench::ask(SqliteDb& db, const std::string& id, std::uint32_t times) const {
  const Usage start = Usage::now();
  for (std::uint32_t i = 0; i < times; ++i) {
    if (!must(db.find_batch(id))) std::exit(1);
  }
  return Usage::now() - start;
}

// Pages of 50 images, from placement `first` on.
Usage Bench::list(SqliteDb& db, BatchKey batch, std::uint64_t first) const {
  const Usage start = Usage::now();
  for (std::uint32_t page = 0; page < kPages; ++page) {
    const auto listed = must(db.list_placements(batch, {}, first, kPageImages));
    first = listed.next.value_or(0);
  }
  return Usage::now() - start;
}

Usage median(std::vector<Usage> runs) {
  std::ranges::sort(runs, {}, &Usage::wall_s);
  return runs[runs.size() / 2];
}

void run(const Bench& bench, std::uint32_t images) {
  fmt::print("{:<34} {:>9} {:>11} {:>9} {:>9} {:>9} {:>9}\n", "", "images", "images/s", "wall s",
             "CPU s", "CPU us", "RSS MB");
  std::vector<Usage> taken;
  for (int i = 0; i < kRepeats; ++i) {
    auto db = bench.fresh("intake.db");
    const Usage start = Usage::now();
    bench.take_in(*db, random_uuid(), images);
    taken.push_back(Usage::now() - start);
  }
  print_line("take in (image + placement)", images, median(taken));

  const std::string id = random_uuid();
  auto large = bench.fresh("large.db");
  const BatchKey batch = bench.take_in(*large, id, images * 3);
  sync();  // what the system still has to write of the intake is not what is measured next
  std::vector<Usage> in_small;
  std::vector<Usage> in_large;
  // In turns, so that both meet the same moods of the disk.
  for (int i = 0; i < kRepeats; ++i) {
    auto small = bench.fresh("small.db");
    bench.take_in(*small, random_uuid(), kSmallTable);
    in_small.push_back(bench.work_off(*small, kSmallTable));
    in_large.push_back(bench.work_off(*large, std::min(kSmallTable, images / 2)));
  }
  print_line(fmt::format("lease + finish among {}", kSmallTable), kSmallTable, median(in_small));
  print_line(fmt::format("lease + finish among {}", images * 3), std::min(kSmallTable, images / 2),
             median(in_large));

  const std::uint32_t times = images / 10;
  print_line("status (find_batch)", times, bench.ask(*large, id, times));
  const std::uint64_t late = std::uint64_t{images} * 27 / 10;
  print_line("list, from the first image on", kPages * kPageImages, bench.list(*large, batch, 0));
  print_line("list, from 90 % of the table on", kPages * kPageImages,
             bench.list(*large, batch, late));
  const Usage start = Usage::now();
  must(large->cancel_batch(batch, bench.clock.now()));
  print_line("cancel", images * 3, Usage::now() - start);
  must(large->begin_deletion(batch));
  const Usage erasing = Usage::now();
  while (!must(large->erase_slice(batch))) {
  }
  print_line("erase", images * 3, Usage::now() - erasing);
}

}  // namespace
}  // namespace imgmill

int main(int argc, char** argv) {
  using namespace imgmill;
  const int images = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  if (images < 10 || images > 3'000'000) {
    fmt::print(stderr, "usage: db_bench [IMAGES, 10 to 3000000 [FOLDER]]\n");
    return 2;
  }
  const std::filesystem::path folder =
      std::filesystem::path(argc > 2 ? argv[2] : ".") / fmt::format("db_bench-{}", random_uuid());
  std::filesystem::create_directories(folder);
  run({.folder = folder, .clock = {}}, static_cast<std::uint32_t>(images));
  std::filesystem::remove_all(folder);
  return 0;
}
