#include "cli/progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>

#include <fmt/format.h>
#include <unistd.h>

namespace imgmill::cli {
namespace {

constexpr std::size_t kBarColumns = 28;
constexpr std::size_t kDefaultColumns = 80;

std::string time_left(const Progress& progress) {
  if (progress.processed == 0 || progress.processed >= progress.total) return {};
  const double rate = static_cast<double>(progress.processed) / progress.elapsed.count();
  const auto seconds =
      static_cast<std::uint64_t>(static_cast<double>(progress.total - progress.processed) / rate);
  return fmt::format("  ETA {}:{:02}", seconds / 60, seconds % 60);
}

std::size_t terminal_columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefaultColumns;
}

}  // namespace

std::string progress_line(const Progress& progress, std::size_t width) {
  const double share = progress.total == 0 ? 1.0
                                           : static_cast<double>(progress.processed) /
                                                 static_cast<double>(progress.total);
  const auto filled = static_cast<std::size_t>(share * kBarColumns);
  const double seconds = std::max(progress.elapsed.count(), 0.001);
  std::string line = fmt::format("[{:#<{}}{:-<{}}] {:5.1f} %  {}/{} images  {:.0f}/s", "", filled,
                                 "", kBarColumns - filled, share * 100, progress.processed,
                                 progress.total, static_cast<double>(progress.processed) / seconds);
  if (progress.failed > 0) line += fmt::format("  {} failed", progress.failed);
  line += time_left(progress);
  if (line.size() > width) line.resize(width);
  return line;
}

ProgressBar::ProgressBar() : enabled_(::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(const Progress& progress) {
  if (!enabled_) return;
  // Carriage return, the line, and "erase to the end of the line" (ECMA-48 EL).
  fmt::print(stderr, "\r{}\x1b[K", progress_line(progress, terminal_columns() - 1));
  std::fflush(stderr);
  shown_ = true;
}

void ProgressBar::end() {
  if (shown_) fmt::print(stderr, "\n");
}

}  // namespace imgmill::cli
