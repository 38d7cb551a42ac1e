#include "cli/progress_bar.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/human_text.h"
#include "cli/say.h"

namespace imgmill::cli {
namespace {

constexpr std::size_t kBarColumns = 28;
constexpr std::size_t kBarColumnsMin = 5;
constexpr std::size_t kDefaultColumns = 80;

double images_a_second(const Progress& progress) {
  const auto done = progress.processed - std::min(progress.processed_before, progress.processed);
  return static_cast<double>(done) / std::max(progress.elapsed.count(), 0.001);
}

std::string time_left(const Progress& progress) {
  const double rate = images_a_second(progress);
  if (rate <= 0 || progress.processed >= progress.total) return {};
  const auto seconds =
      static_cast<std::int64_t>(static_cast<double>(progress.total - progress.processed) / rate);
  return "  ETA " + human_time(std::chrono::seconds(seconds));
}

// The bar, `columns` wide at most; none where it would be too short to say anything.
std::string bar_of(double share, std::size_t columns) {
  constexpr std::size_t kFrame = 3;  // "[", "] "
  if (columns < kFrame + kBarColumnsMin) return {};
  const std::size_t length = std::min(columns - kFrame, kBarColumns);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(length));
  return fmt::format("[{:#<{}}{:-<{}}] ", "", filled, "", length - filled);
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
  std::string line = fmt::format("{:5.1f} %  {}/{} images  {:.0f}/s", share * 100,
                                 progress.processed, progress.total, images_a_second(progress));
  if (progress.failed > 0) line += fmt::format("  {} failed", progress.failed);
  line += time_left(progress);
  if (line.size() > width) line.resize(width);
  return bar_of(share, width - line.size()) + line;
}

ProgressBar::ProgressBar() : enabled_(::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(const Progress& progress) {
  if (enabled_) show(progress_line(progress, terminal_columns() - 1));
}

void ProgressBar::show(std::string line) {
  if (!enabled_) return;
  line.resize(std::min(line.size(), terminal_columns() - 1));
  // Carriage return, the line, and "erase to the end of the line" (ECMA-48 EL).
  draw(fmt::format("\r{}\x1b[K", line));
  shown_ = true;
}

void ProgressBar::end() {
  if (std::exchange(shown_, false)) draw("\n");
}

}  // namespace imgmill::cli
