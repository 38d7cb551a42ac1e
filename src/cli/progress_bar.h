// One line on a terminal that says how far a batch is; nothing at all when stderr is no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace imgmill::cli {

struct Progress {
  std::uint64_t processed = 0;
  std::uint64_t total = 0;
  std::uint64_t failed = 0;
  std::chrono::duration<double> elapsed{0};
  std::uint64_t processed_before = 0;  // when `elapsed` began: does not count for the rate
};

// "[#########-----------]  45.0 %  9/20 images  12/s  1 failed  ETA 0:01", `width` columns at most:
// where that is little the bar is shorter or left out, for the numbers matter more.
[[nodiscard]] std::string progress_line(const Progress& progress, std::size_t width);

class ProgressBar {
 public:
  ProgressBar();
  void show(const Progress& progress);
  // Another line in its place; on a terminal that is too narrow, its beginning.
  void show(std::string line);
  // Leaves the last line standing and goes to the next.
  void end();

 private:
  bool enabled_;
  bool shown_ = false;
};

}  // namespace imgmill::cli
