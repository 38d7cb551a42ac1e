// The machine: open files, memory, cores, the clock.
#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cli/health.h"
#include "cli/human_text.h"

namespace imgmill::cli {
namespace {

Finding open_files() {
  constexpr rlim_t kWanted = 2 * limits::kHttpConnectionsMax;
  constexpr rlim_t kLeast = 1'024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return {"open files", Health::kWarn, "the system does not tell its limit"};
  }
  const bool boundless = limit.rlim_max == RLIM_INFINITY;
  const std::string text =
      boundless ? "no limit" : fmt::format("{} at once (hard limit)", limit.rlim_max);
  if (limit.rlim_max >= kWanted) return {"open files", Health::kOk, text};
  const std::string mend =
      fmt::format("raise the hard limit to {} (ulimit -Hn, LimitNOFILE=)", kWanted);
  return {"open files", limit.rlim_max < kLeast ? Health::kFail : Health::kWarn, text, mend};
}

std::optional<std::uint64_t> number_in(const std::string& file) {
  std::string text;
  std::ifstream(file) >> text;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || text.empty()) return std::nullopt;
  return number;
}

// What the kernel thinks it could still give, and what the control group leaves of it.
std::optional<std::uint64_t> memory_available() {
  std::optional<std::uint64_t> available;
  std::ifstream about("/proc/meminfo");
  for (std::string name; about >> name;) {
    std::uint64_t kilobytes = 0;
    if (name == "MemAvailable:" && about >> kilobytes) available = kilobytes << 10;
    about.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  const auto group_max = number_in("/sys/fs/cgroup/memory.max");
  const auto group_now = number_in("/sys/fs/cgroup/memory.current");
  if (available && group_max && group_now) {
    const std::uint64_t left = *group_max - std::min(*group_max, *group_now);
    available = std::min(*available, left);
  }
  return available;
}

int codecs_of(const Settings& settings) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return settings.codecs > 0 ? settings.codecs : cores;
}

Finding memory(const Settings& settings) {
  const auto available = memory_available();
  if (!available) return {"memory", Health::kWarn, "the system does not tell how much is left"};
  const auto codecs = static_cast<std::uint64_t>(codecs_of(settings));
  const std::uint64_t wanted = codecs * limits::kCodecMemoryBytes;
  const std::string text =
      fmt::format("{} available; {} codec process{} may take {} for the largest pictures",
                  human_bytes(*available), codecs, codecs == 1 ? "" : "es", human_bytes(wanted));
  if (*available >= wanted) return {"memory", Health::kOk, text};
  return {"memory", Health::kWarn, text, "fewer --codecs, a smaller --max-source-pixels, or more"};
}

Finding cores(const Settings& settings) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const int codecs = codecs_of(settings);
  const std::string text = fmt::format("{} cores, {} codec processes", cores, codecs);
  if (static_cast<unsigned>(codecs) <= 2 * cores) return {"cores", Health::kOk, text};
  return {"cores", Health::kWarn, text, "more --codecs than cores take memory and save no time"};
}

// Webhook signatures, leases and certificates want a clock that is about right. A database that was
// written in the future shows one that was set back.
Finding clock(const Settings& settings) {
  constexpr Time kThisWasWritten = from_us(1'760'000'000'000'000);
  constexpr auto kSlack = std::chrono::minutes(1);
  const Time now = SystemClock().now();
  const std::string text = format_time(now).substr(0, 19) + " UTC";
  struct stat about{};
  const auto lock = settings.data_dir / "imgmill.lock";
  const bool has_lock = ::stat(lock.c_str(), &about) == 0;
  const Time written = has_lock ? from_us(about.st_mtim.tv_sec * 1'000'000) : Time{};
  if (now < kThisWasWritten || written > now + kSlack) {
    return {"clock", Health::kFail, text + " is in the past", "set it, best by NTP"};
  }
  return {"clock", Health::kOk, text};
}

}  // namespace

void check_host(const Settings& settings, Findings& findings) {
  findings.push_back(open_files());
  findings.push_back(memory(settings));
  findings.push_back(cores(settings));
  findings.push_back(clock(settings));
}

}  // namespace imgmill::cli
