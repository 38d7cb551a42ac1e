// A conversation with one codec child: hello, then one image after the other. Blocks the calling
// thread with a deadline; another thread can cut it short through the stop descriptor. Whatever is
// wrong ends the child: after a ChildFailure it is only to be destroyed.
//
// One thread, from start to destruction.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/spool.h"
#include "codec/arena.h"
#include "codec/child_process.h"
#include "codec/codec.h"
#include "codec/wire.h"

namespace imgmill {

struct ChildOptions {
  std::filesystem::path worker;
  codec_wire::ArenaLayout arena;
  std::uint64_t memory_bytes_max = 0;
  std::chrono::seconds cpu_max{0};
  bool sandbox = true;
  int stop_fd = -1;  // readable: give up what is under way
};

struct ChildJob {
  const Spool& source;  // fits the arena
  Recipe recipe;
  std::uint64_t pixels_max = 0;
  std::chrono::milliseconds deadline{0};
};

struct ChildFailure {
  enum class Kind { kCrashed, kTimedOut, kOutOfMemory, kLied, kStopped, kSourceUnreadable };
  Kind kind = Kind::kCrashed;
  std::string detail;  // for the log; no byte of it comes from the child
};

class Child {
 public:
  // Waits until the child's sandbox is up. kUnavailable, naming the step that failed.
  [[nodiscard]] static Result<std::unique_ptr<Child>> start(const ChildOptions& options,
                                                            const Clock& clock);

  // Alive, and with nothing to say that it was not asked.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] std::expected<CodecOutcome, ChildFailure> run(const ChildJob& job);

  [[nodiscard]] int pid() const { return process_.pid(); }
  [[nodiscard]] const codec_wire::Ready& ready() const { return ready_; }
  [[nodiscard]] int images() const { return images_; }     // asked of it
  [[nodiscard]] Micros worked() const { return worked_; }  // wall time of all images

 private:
  enum class Heard { kMessage, kEnd, kDeadline, kStop };
  struct Answer {
    Heard heard = Heard::kEnd;
    codec_wire::Message message{};
    std::size_t bytes = 0;
  };

  Child(Arena arena, ChildProcess process, int stop_fd, const Clock& clock)
      : arena_(std::move(arena)), process_(std::move(process)), stop_fd_(stop_fd), clock_(clock) {}

  [[nodiscard]] bool send(const codec_wire::Message& message) const;
  [[nodiscard]] Answer listen(std::chrono::steady_clock::time_point until) const;
  [[nodiscard]] bool receive(Answer& answer) const;
  [[nodiscard]] Result<void> greet(const ChildOptions& options);
  [[nodiscard]] std::expected<CodecOutcome, ChildFailure> judge(const Answer& answer,
                                                                const ChildJob& job);
  [[nodiscard]] ChildFailure ended();

  Arena arena_;
  ChildProcess process_;
  int stop_fd_;
  const Clock& clock_;
  codec_wire::Ready ready_;
  int images_ = 0;
  Micros worked_{0};
};

}  // namespace imgmill
