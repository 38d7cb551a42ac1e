#include "base/process_metrics.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <sys/resource.h>

#include <fmt/format.h>
#include <unistd.h>

namespace imgmill::metrics {
namespace {

std::string text_of(const char* file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The word number `index`, from 0, as a number.
std::optional<double> number_at(std::string_view text, int index) {
  const std::string_view blank = " \n";
  for (; index > 0 && !text.empty(); --index) {
    text.remove_prefix(std::min(text.find_first_of(blank), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<double> cpu_seconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return std::nullopt;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// /proc/self/statm counts pages: of the address space, and of what is resident.
std::optional<double> memory_bytes(int word) {
  const auto pages = number_at(text_of("/proc/self/statm"), word);
  if (!pages) return std::nullopt;
  return *pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::optional<double> open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (error) return std::nullopt;
  return static_cast<double>(std::distance(begin(open), end(open))) -
         1;  // without this look itself
}

std::optional<double> descriptors_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

// Ticks since the machine started, in /proc/self/stat behind the name (which may have blanks), and
// when that was.
std::optional<double> start_seconds() {
  constexpr int kStartTimeBehindName = 20;
  const std::string stat = text_of("/proc/self/stat");
  const std::string system = text_of("/proc/stat");
  const std::size_t name_end = stat.rfind(')');
  const std::size_t booted_at = system.find("btime ");
  if (name_end == stat.npos || booted_at == system.npos) return std::nullopt;
  const auto ticks = number_at(std::string_view(stat).substr(name_end), kStartTimeBehindName);
  const auto booted = number_at(std::string_view(system).substr(booted_at), 1);
  if (!ticks || !booted) return std::nullopt;
  return *booted + *ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void append(std::string& text, std::string_view name, std::string_view type, std::string_view help,
            std::optional<double> value) {
  if (!value) return;
  fmt::format_to(std::back_inserter(text), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help,
                 type, *value);
}

}  // namespace

void append_process_metrics(std::string& text) {
  append(text, "process_cpu_seconds_total", "counter",
         "CPU time of this process, without the codec's children.", cpu_seconds());
  append(text, "process_resident_memory_bytes", "gauge", "Memory that is in RAM.", memory_bytes(1));
  append(text, "process_virtual_memory_bytes", "gauge", "Size of the address space.",
         memory_bytes(0));
  append(text, "process_open_fds", "gauge", "Open file descriptors.", open_descriptors());
  append(text, "process_max_fds", "gauge", "File descriptors that may be open.", descriptors_max());
  append(text, "process_start_time_seconds", "gauge", "When it started, seconds since 1970.",
         start_seconds());
}

}  // namespace imgmill::metrics
