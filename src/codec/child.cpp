#include "codec/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <span>
#include <sys/socket.h>
#include <utility>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "codec/reply_check.h"

namespace imgmill {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kNotReadyText = "the codec process could not be made ready";

const char* name_of(codec_wire::SetupStep step) {
  switch (step) {
    case codec_wire::SetupStep::kNone:
      return "none";
    case codec_wire::SetupStep::kDescriptors:
      return "closing descriptors";
    case codec_wire::SetupStep::kArena:
      return "mapping the shared memory";
    case codec_wire::SetupStep::kLimits:
      return "resource limits";
    case codec_wire::SetupStep::kPrivileges:
      return "giving up privileges";
    case codec_wire::SetupStep::kLandlock:
      return "Landlock";
    case codec_wire::SetupStep::kSeccomp:
      return "seccomp";
  }
  return "unknown step";
}

Result<void> check_ready(const codec_wire::Ready& ready, bool sandbox) {
  if (ready.failed_step != codec_wire::SetupStep::kNone) {
    return fail(
        ErrorCode::kUnavailable,
        std::string("the codec's sandbox could not be set up: ") + name_of(ready.failed_step),
        std::strerror(static_cast<int>(ready.error_number)));
  }
  if (sandbox && !ready.seccomp) {
    return fail(ErrorCode::kUnavailable, kNotReadyText, "it came up without seccomp");
  }
  return {};
}

// For poll: rounded up, so that a deadline is never found short of itself.
int poll_timeout_ms(steady_clock::duration left) {
  const auto ms = std::chrono::ceil<milliseconds>(left).count();
  return static_cast<int>(std::clamp<decltype(ms)>(ms, 0, std::numeric_limits<int>::max()));
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(const ChildOptions& options, const Clock& clock) {
  TRY(Arena arena, Arena::create(options.arena));
  TRY(ChildProcess process, ChildProcess::start(options.worker, arena.fd()));
  std::unique_ptr<Child> child(
      new Child(std::move(arena), std::move(process), options.stop_fd, clock));
  TRY_VOID(child->greet(options));
  return child;
}

Result<void> Child::greet(const ChildOptions& options) {
  const codec_wire::Hello hello{
      .arena = options.arena,
      .memory_bytes_max = options.memory_bytes_max,
      .cpu_seconds_max = static_cast<std::uint32_t>(options.cpu_max.count()),
      .parent_pid = static_cast<std::uint32_t>(::getpid()),
      .confine = options.sandbox,
  };
  // When it is gone already, listen() finds out how it ended.
  static_cast<void>(send(codec_wire::encode(hello)));
  const Answer answer = listen(clock_.steady_now() + limits::kCodecStartDeadline);
  switch (answer.heard) {
    case Heard::kMessage:
      break;
    case Heard::kEnd:
      return fail(ErrorCode::kUnavailable, kNotReadyText, ended().detail);
    case Heard::kDeadline:
      return fail(ErrorCode::kUnavailable, kNotReadyText, "it took too long to start");
    case Heard::kStop:
      return fail(ErrorCode::kUnavailable, kNotReadyText, "stopped");
  }
  const auto ready = codec_wire::decode_ready(std::span(answer.message).first(answer.bytes));
  if (!ready) {
    return fail(ErrorCode::kUnavailable, kNotReadyText, "it is not the codec of this version");
  }
  ready_ = *ready;
  return check_ready(ready_, options.sandbox);
}

bool Child::idle() const {
  std::array<pollfd, 2> watched{pollfd{process_.socket(), POLLIN, 0},
                                pollfd{process_.pidfd(), POLLIN, 0}};
  return ::poll(watched.data(), watched.size(), 0) == 0;
}

std::expected<CodecOutcome, ChildFailure> Child::run(const ChildJob& job) {
  CHECK(job.source.size() <= arena_.source_area().size());
  ++images_;
  if (const auto copied = job.source.copy_to(arena_.source_area()); !copied) {
    return std::unexpected(
        ChildFailure{ChildFailure::Kind::kSourceUnreadable, describe(copied.error())});
  }
  const codec_wire::Request request{
      .job = static_cast<std::uint32_t>(images_),
      .quality = static_cast<std::uint32_t>(job.recipe.quality),
      .source_bytes = job.source.size(),
      .pixels_max = job.pixels_max,
      .format = job.recipe.format,
      .max_width = job.recipe.max_width,
      .max_height = job.recipe.max_height,
      .max_bytes = job.recipe.max_bytes,
  };
  const auto began = clock_.steady_now();
  if (!send(codec_wire::encode(request))) return std::unexpected(ended());
  const Answer answer = listen(began + job.deadline);
  auto outcome = judge(answer, job);
  worked_ += duration_cast<Micros>(clock_.steady_now() - began);
  return outcome;
}

std::expected<CodecOutcome, ChildFailure> Child::judge(const Answer& answer, const ChildJob& job) {
  using Kind = ChildFailure::Kind;
  switch (answer.heard) {
    case Heard::kEnd:
      return std::unexpected(ended());
    case Heard::kDeadline:
      return std::unexpected(ChildFailure{Kind::kTimedOut, "no reply before the deadline"});
    case Heard::kStop:
      return std::unexpected(ChildFailure{Kind::kStopped, "stopped"});
    case Heard::kMessage:
      break;
  }
  const ReplyBounds bounds{
      .job = static_cast<std::uint32_t>(images_),
      .pixels_max = job.pixels_max,
      .recipe = job.recipe,
      .cpu_us_max = static_cast<std::uint32_t>(duration_cast<Micros>(job.deadline).count()),
  };
  auto taken =
      take_reply(std::span(answer.message).first(answer.bytes), arena_.reply_area(), bounds);
  if (!taken) {
    return std::unexpected(
        ChildFailure{Kind::kLied, "its reply was refused: " + std::string(taken.error())});
  }
  const std::uint64_t rendition_bytes = taken->rendition ? taken->rendition->bytes.size() : 0;
  if (std::max(job.source.size(), rendition_bytes) > limits::kCodecArenaKeptBytes) arena_.trim();
  return *std::move(taken);
}

ChildFailure Child::ended() {
  using Kind = ChildFailure::Kind;
  const ProcessEnd end = process_.end();
  if (end.exited_with(codec_wire::kExitNoMemory)) return {Kind::kOutOfMemory, "out of memory"};
  if (end.killed_by(SIGXCPU)) return {Kind::kTimedOut, "used up its CPU time"};
  return {Kind::kCrashed, describe(end)};
}

bool Child::send(const codec_wire::Message& message) const {
  ssize_t sent = 0;
  do {
    sent = ::send(process_.socket(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(message.size());
}

Child::Answer Child::listen(steady_clock::time_point until) const {
  Answer answer;
  while (true) {
    std::array<pollfd, 3> watched{pollfd{process_.socket(), POLLIN, 0},
                                  pollfd{process_.pidfd(), POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
    const int timeout_ms = poll_timeout_ms(until - clock_.steady_now());
    const int count = ::poll(watched.data(), watched.size(), timeout_ms);
    if (count < 0 && errno == EINTR) continue;
    CHECK(count >= 0);
    // A reply that is there counts, also when its writer died right after, or was late by a moment.
    if ((watched[0].revents & POLLIN) != 0 && receive(answer)) return answer;
    if (watched[0].revents != 0 || watched[1].revents != 0) return {.heard = Heard::kEnd};
    if (watched[2].revents != 0) return {.heard = Heard::kStop};
    if (timeout_ms == 0) return {.heard = Heard::kDeadline};
  }
}

// False at the end of the stream. MSG_TRUNC gives a message's true length, however long it is.
bool Child::receive(Answer& answer) const {
  ssize_t got = 0;
  do {
    got = ::recv(process_.socket(), answer.message.data(), answer.message.size(),
                 MSG_DONTWAIT | MSG_TRUNC);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  answer.heard = Heard::kMessage;
  // A longer one is made one byte long: no message is, so it is refused.
  const auto length = static_cast<std::size_t>(got);
  answer.bytes = length <= answer.message.size() ? length : 1;
  return true;
}

}  // namespace imgmill
