// The only way to the time. Wall time (UTC, microseconds) is what the database and the API speak;
// steady time is for deadlines inside the process. Tests step a ManualClock.
//
// Thread-safe; includes nothing of ours.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace imgmill {

using Micros = std::chrono::microseconds;
using Time = std::chrono::sys_time<Micros>;

// Microseconds since 1970-01-01 UTC, as stored.
[[nodiscard]] constexpr std::int64_t to_us(Time time) { return time.time_since_epoch().count(); }
[[nodiscard]] constexpr Time from_us(std::int64_t us) { return Time{Micros{us}}; }

// "2023-01-15T14:30:12.123456": UTC, six digits, no zone suffix.
[[nodiscard]] std::string format_time(Time time);

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override;
};

// Stands still until advanced; wall and steady time move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = from_us(1'700'000'000'000'000)) : now_us_(to_us(start)) {}
  [[nodiscard]] Time now() const override { return from_us(now_us_.load()); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override;
  void advance(Micros by) { now_us_.fetch_add(by.count()); }

 private:
  std::atomic<std::int64_t> now_us_;
};

}  // namespace imgmill
