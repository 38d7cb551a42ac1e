// An edge on one thread over SQLite and the local store, with one sealed batch and one stored
// image, for a load generator to ask; and what it costs: CPU of the process a request, memory an
// idle connection.
//
//   edge_bench                      serves, prints the addresses, and the CPU used when a line
//   comes
//                                   in on stdin (or stdin ends)
//   edge_bench --idle COUNT         opens COUNT connections to itself, prints the memory they cost
//
// For the figure of status requests: wrk -t1 -c16 -d10s ADDRESS
#include <arpa/inet.h>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "db/sqlite/sqlite_db.h"
#include "http/edge.h"
#include "objects/local_dir.h"

namespace imgmill {
namespace {

constexpr std::string_view kRequestId = "550e8400-e29b-41d4-a716-446655440000";
constexpr std::size_t kImageBytes = 60'000;

template <class T>
T value_of(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "edge_bench: {}\n", describe(result.error()));
    std::exit(3);
  }
  return std::move(*result);
}

void must(const Result<void>& result) {
  if (result) return;
  fmt::print(stderr, "edge_bench: {}\n", describe(result.error()));
  std::exit(3);
}

// Both ends of every connection are ours.
void allow_many_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long resident_kb() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

void fill(Db& db, ObjectStore& objects, const Clock& clock) {
  const NewBatch batch{std::string(kRequestId), Recipe{}, std::nullopt, "uploads/a.csv"};
  const BatchKey key = value_of(db.open_batch(batch, clock.now()));
  const std::vector<NewImage> images{{.url = "https://example.com/a.jpg", .fault = {}}};
  const std::vector<NewPlacement> placements{
      {.row = 1, .position = 1, .image = 0, .serial_number = "1", .product_name = "a"}};
  must(db.append_images(key, images, placements));
  must(db.seal_batch(key, clock.now()));
  const std::vector<std::byte> image(kImageBytes);
  must(objects.put("processed/bench/a.jpg", image));
}

UniqueFd connect_to(std::uint16_t port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("edge_bench: connect");
    std::exit(3);
  }
  return socket;
}

// One request on each, so that what a connection keeps after it is counted too.
void hold_idle(std::uint16_t port, int count) {
  const std::string request =
      fmt::format("GET /api/status/{} HTTP/1.1\r\nHost: x\r\n\r\n", kRequestId);
  std::vector<UniqueFd> sockets;
  sockets.reserve(static_cast<std::size_t>(count));
  char answer[4'096];
  const long before_kb = resident_kb();
  for (int i = 0; i < count; ++i) {
    sockets.push_back(connect_to(port));
    const int fd = sockets.back().get();
    const bool served = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0 &&
                        ::recv(fd, answer, sizeof answer, 0) > 0;
    if (!served) std::exit(3);
  }
  const long grown_kb = resident_kb() - before_kb;
  fmt::print("{} idle connections: {} KB, {:.1f} KB each\n", count, grown_kb,
             static_cast<double>(grown_kb) / count);
}

void serve_until_told(std::uint16_t port) {
  fmt::print("http://127.0.0.1:{}/api/status/{}\n", port, kRequestId);
  fmt::print("http://127.0.0.1:{}/processed/bench/a.jpg\n", port);
  std::fflush(stdout);
  double before = cpu_seconds();
  int c = 0;
  while ((c = std::getchar()) != EOF) {
    if (c != '\n') continue;
    const double now = cpu_seconds();
    fmt::print("{:.3f} CPU seconds\n", now - before);
    std::fflush(stdout);
    before = now;
  }
}

int run(int idle_count) {
  allow_many_files();
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("imgmill-edge-bench-{}", ::getpid());
  std::filesystem::create_directories(folder / "spool");
  {
    const SystemClock clock;
    const auto db = value_of(SqliteDb::open({.file = folder / "bench.db"}, clock));
    const auto objects = value_of(LocalDir::create(folder / "store"));
    fill(*db, *objects, clock);
    asio::thread_pool pool(2);
    EdgeOptions options{.port = 0, .threads = 1, .base_url = "http://localhost"};
    options.spool_folder = folder / "spool";
    const auto edge = value_of(Edge::create(options, {*db, *objects, clock, pool, {}, {}}));
    edge->start();
    if (idle_count > 0) {
      hold_idle(edge->port(), idle_count);
    } else {
      serve_until_told(edge->port());
    }
    edge->stop(std::chrono::seconds(1));
    pool.join();
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace imgmill

int main(int argc, char** argv) {
  int idle_count = 0;
  if (argc == 3 && std::string_view(argv[1]) == "--idle") {
    const std::string_view text = argv[2];
    std::from_chars(text.data(), text.data() + text.size(), idle_count);
  }
  return imgmill::run(idle_count);
}
