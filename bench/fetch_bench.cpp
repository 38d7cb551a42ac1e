// fetch_bench [images] [bytes each] [concurrency] [pause after each 16 KB, us]: what a download
// costs. The origin is another process on loopback, whose CPU is not counted. Prints CPU (user +
// system) an image and the rate; a pause makes the origin trickle as one far away does.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

#include <fmt/core.h>
#include <unistd.h>

#include "base/check.h"
#include "fetch/curl_fetcher.h"
#include "fetch/test_origin.h"

namespace imgmill {
namespace {

using Seconds = std::chrono::duration<double>;

struct Plan {
  int images = 20'000;
  int bytes = 190'000;
  int concurrency = 16;
  int pause_us = 0;
};

struct OriginProcess {
  pid_t pid;
  std::string url;
};

void send_slowly(Exchange& exchange, std::string_view body, int pause_us) {
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, 16 << 10);
    if (!exchange.send(piece)) return;
    body.remove_prefix(piece.size());
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
  }
}

[[noreturn]] void serve_for_ever(const Plan& plan, int url_pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string head = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", plan.bytes);
  const std::string whole = head + std::string(static_cast<std::size_t>(plan.bytes), 'x');
  TestOrigin origin;
  origin.on("/image", [&](Exchange& exchange) {
    if (plan.pause_us == 0) exchange.send(whole);
    if (plan.pause_us != 0) send_slowly(exchange, whole, plan.pause_us);
  });
  const std::string url = origin.url("/image");
  CHECK(::write(url_pipe, url.data(), url.size()) > 0);
  while (true) ::pause();
}

OriginProcess start_origin(const Plan& plan) {
  int ends[2];
  CHECK(::pipe(ends) == 0);
  const pid_t pid = ::fork();
  if (pid == 0) serve_for_ever(plan, ends[1]);
  char url[256];
  const ssize_t size = ::read(ends[0], url, sizeof url);
  CHECK(size > 0);
  return {pid, std::string(url, static_cast<std::size_t>(size))};
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Keeps twice the concurrency asked for until all have come.
class Run {
 public:
  Run(CurlFetcher& fetcher, std::string url, int images)
      : fetcher_(fetcher), url_(std::move(url)), to_ask_(images), to_come_(images) {}

  void ask() {
    if (to_ask_-- <= 0) return;
    fetcher_.get(url_, 1, [this](const FetchOutcome& outcome) {
      CHECK(outcome.body.has_value());
      ask();
      if (--to_come_ == 0) all_came_.set_value();
    });
  }
  void wait() { all_came_.get_future().wait(); }

 private:
  CurlFetcher& fetcher_;
  std::string url_;
  std::atomic<int> to_ask_;
  std::atomic<int> to_come_;
  std::promise<void> all_came_;
};

void measure(const Plan& plan, const std::string& url) {
  FetchOptions options;
  options.concurrency = options.per_host = plan.concurrency;
  options.spool_folder = std::filesystem::temp_directory_path();
  options.user_agent = "imgmill/bench";
  const std::string nets[] = {"127.0.0.0/8"};
  SystemClock clock;
  auto fetcher = CurlFetcher::create(options, AddressGuard::create(nets).value(), clock).value();
  Run run(*fetcher, url, plan.images);
  const double cpu_before = cpu_seconds();
  const auto began_at = clock.steady_now();
  for (int i = 0; i < plan.concurrency * 2; ++i) run.ask();
  run.wait();
  const double wall = Seconds(clock.steady_now() - began_at).count();
  const double cpu = cpu_seconds() - cpu_before;
  fmt::print("{} images of {} bytes, {} at once: {:.0f} us CPU an image, {:.0f} images/s\n",
             plan.images, plan.bytes, plan.concurrency, cpu * 1e6 / plan.images,
             plan.images / wall);
}

int argument(int argc, char** argv, int index, int otherwise) {
  if (index >= argc) return otherwise;
  const std::string_view text = argv[index];
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace
}  // namespace imgmill

int main(int argc, char** argv) {
  using namespace imgmill;
  Plan plan;
  plan.images = std::max(1, argument(argc, argv, 1, plan.images));
  plan.bytes = std::max(1, argument(argc, argv, 2, plan.bytes));
  plan.concurrency = std::max(1, argument(argc, argv, 3, plan.concurrency));
  plan.pause_us = std::max(0, argument(argc, argv, 4, plan.pause_us));
  const OriginProcess origin = start_origin(plan);
  measure(plan, origin.url);
  ::kill(origin.pid, SIGKILL);
  ::waitpid(origin.pid, nullptr, 0);
}
