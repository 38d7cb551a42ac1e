// One running program of ours with a socket to it: started without a shell, without our environment
// (it holds secrets), without our descriptors and signals; ended by pidfd, so that never a stranger
// with the same number is hit.
//
// Started and destroyed by the same thread: the child asks the kernel to be killed when the thread
// that started it ends.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill {

// How it ended: waitid's two numbers.
struct ProcessEnd {
  int code = 0;    // CLD_EXITED, CLD_KILLED or CLD_DUMPED; 0 when unknown
  int status = 0;  // exit status or signal

  [[nodiscard]] bool exited_with(int exit_status) const;
  [[nodiscard]] bool killed_by(int signal) const;
};

// "signal 11 (Segmentation fault)", "exit status 3".
[[nodiscard]] std::string describe(const ProcessEnd& end);

class ChildProcess {
 public:
  // The child gets a SOCK_SEQPACKET socket as codec_wire::kSocketFd and `arena_fd` as kArenaFd.
  // kUnavailable, with the path in the detail, when the program cannot be started.
  [[nodiscard]] static Result<ChildProcess> start(const std::filesystem::path& program,
                                                  int arena_fd);
  ChildProcess(ChildProcess&&) = default;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  // ends it

  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] int pid() const { return pid_; }

  // SIGKILL, and how it had ended if it was dead already. A second call is harmless.
  ProcessEnd end();

 private:
  ChildProcess(int pid, UniqueFd pidfd, UniqueFd socket)
      : pid_(pid), pidfd_(std::move(pidfd)), socket_(std::move(socket)) {}

  int pid_ = -1;
  UniqueFd pidfd_;  // empty once it is reaped
  UniqueFd socket_;
};

}  // namespace imgmill
