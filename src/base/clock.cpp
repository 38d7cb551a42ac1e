#include "base/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace imgmill {

std::string format_time(Time time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t unix_seconds = second.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&unix_seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     (time - second).count());
}

Time SystemClock::now() const {
  return std::chrono::floor<Micros>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

std::chrono::steady_clock::time_point ManualClock::steady_now() const {
  return std::chrono::steady_clock::time_point{Micros{now_us_.load()}};
}

}  // namespace imgmill
