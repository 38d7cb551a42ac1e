#include "codec/child_process.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <sys/wait.h>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

// glibc 2.36 forgot to say that these are C.
extern "C" {
#include <sys/pidfd.h>
}

#include "base/check.h"
#include "codec/wire.h"

namespace imgmill {
namespace {

constexpr const char* kStartText = "the codec program could not be started";

// Above every number that the child's descriptors get, so that placing one never overwrites
// another.
constexpr int kSafeFdMin = 16;

// What a child may know of our environment: where libraries are, and how sanitizers report.
constexpr std::array<std::string_view, 5> kPassedOn{
    "LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LANG="};

std::vector<char*> child_environment() {
  std::vector<char*> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    for (const std::string_view name : kPassedOn) {
      if (std::string_view(*entry).starts_with(name)) kept.push_back(*entry);
    }
  }
  kept.push_back(nullptr);
  return kept;
}

class SpawnPlan {
 public:
  SpawnPlan() {
    CHECK(posix_spawn_file_actions_init(&actions_) == 0);
    CHECK(posix_spawnattr_init(&attributes_) == 0);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void place(int fd, int as) { CHECK(posix_spawn_file_actions_adddup2(&actions_, fd, as) == 0); }
  void to_null(int fd) {
    CHECK(posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0) == 0);
  }
  void close_from(int fd) { CHECK(posix_spawn_file_actions_addclosefrom_np(&actions_, fd) == 0); }
  // A session of its own: Ctrl-C at our terminal is for us, who then finish what is under way.
  void fresh_signals_and_session() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  int spawn(const std::filesystem::path& program, pid_t* pid) {
    std::string name = program.filename();
    const std::array<char*, 2> arguments{name.data(), nullptr};
    std::vector<char*> environment = child_environment();
    return posix_spawn(pid, program.c_str(), &actions_, &attributes_, arguments.data(),
                       environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

Result<UniqueFd> out_of_the_way(int fd) {
  UniqueFd moved(::fcntl(fd, F_DUPFD_CLOEXEC, kSafeFdMin));
  if (!moved) return fail_errno(errno, kStartText, "F_DUPFD_CLOEXEC");
  return moved;
}

Result<pid_t> spawn(const std::filesystem::path& program, int socket, int arena_fd) {
  TRY(const UniqueFd socket_moved, out_of_the_way(socket));
  TRY(const UniqueFd arena_moved, out_of_the_way(arena_fd));
  SpawnPlan plan;
  plan.to_null(0);
  plan.to_null(1);
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  plan.to_null(2);  // otherwise a sanitizer's report in the child must be seen
#endif
  plan.place(socket_moved.get(), codec_wire::kSocketFd);
  plan.place(arena_moved.get(), codec_wire::kArenaFd);
  plan.close_from(codec_wire::kArenaFd + 1);
  plan.fresh_signals_and_session();
  pid_t pid = -1;
  if (const int error = plan.spawn(program, &pid); error != 0) {
    return fail(ErrorCode::kUnavailable, kStartText,
                program.string() + ": " + std::strerror(error));
  }
  return pid;
}

}  // namespace

bool ProcessEnd::exited_with(int exit_status) const {
  return code == CLD_EXITED && status == exit_status;
}

bool ProcessEnd::killed_by(int signal) const {
  return (code == CLD_KILLED || code == CLD_DUMPED) && status == signal;
}

std::string describe(const ProcessEnd& end) {
  if (end.code == CLD_EXITED) return "exit status " + std::to_string(end.status);
  if (end.code == 0) return "unknown end";
  std::string text = "signal " + std::to_string(end.status);
  if (const char* name = sigdescr_np(end.status)) text += std::string(" (") + name + ")";
  return text;
}

Result<ChildProcess> ChildProcess::start(const std::filesystem::path& program, int arena_fd) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, kStartText, "socketpair");
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  TRY(const pid_t pid, spawn(program, theirs.get(), arena_fd));
  UniqueFd pidfd(::pidfd_open(pid, 0));
  if (!pidfd) {
    const int error = errno;
    ::kill(pid, SIGKILL);  // not reaped, so the number is still its own
    ::waitpid(pid, nullptr, 0);
    return fail_errno(error, kStartText, "pidfd_open");
  }
  return ChildProcess(pid, std::move(pidfd), std::move(ours));
}

ChildProcess::~ChildProcess() { end(); }

ProcessEnd ChildProcess::end() {
  if (!pidfd_) return {};
  ::pidfd_send_signal(pidfd_.get(), SIGKILL, nullptr, 0);
  siginfo_t info{};
  int result = 0;
  do {
    result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED);
  } while (result != 0 && errno == EINTR);
  pidfd_.reset();
  if (result != 0) return {};
  return {.code = info.si_code, .status = info.si_status};
}

}  // namespace imgmill
