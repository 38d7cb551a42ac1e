#include "codec_worker/sandbox.h"

#include <cerrno>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "codec_worker/sanitized.h"

namespace imgmill::codec_worker {
namespace {

using codec_wire::SetupStep;

Setup failed(SetupStep step) { return std::unexpected(SetupFailure{step, errno}); }

bool limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard) {
  const rlimit bounds{.rlim_cur = soft, .rlim_max = hard};
  return ::setrlimit(resource, &bounds) == 0;
}

bool drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

}  // namespace

Setup close_descriptors() {
  if (::close_range(codec_wire::kArenaFd + 1, ~0U, 0) != 0) return failed(SetupStep::kDescriptors);
  return {};
}

bool die_with_parent(std::uint32_t parent_pid) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  // It may have died before prctl; then we have another parent by now.
  return static_cast<std::uint32_t>(::getppid()) == parent_pid;
}

Setup limit_resources(std::uint64_t memory_bytes_max, std::uint32_t cpu_seconds_max) {
  const bool done = (kSanitized || limit(RLIMIT_AS, memory_bytes_max, memory_bytes_max)) &&
                    // SIGXCPU first, which tells the parent why; a second later SIGKILL.
                    limit(RLIMIT_CPU, cpu_seconds_max, cpu_seconds_max + 1UL) &&
                    (kSanitized || limit(RLIMIT_FSIZE, 0, 0)) && limit(RLIMIT_CORE, 0, 0);
  if (!done) return failed(SetupStep::kLimits);
  return {};
}

bool leave_network() {
  // The second way is open to ordinary users on most systems.
  return ::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

Setup give_up_privileges() {
  const bool done = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && drop_capabilities() &&
                    (kSanitized || ::prctl(PR_SET_DUMPABLE, 0) == 0);
  if (!done) return failed(SetupStep::kPrivileges);
  return {};
}

Setup forbid_descriptors() {
  if (!limit(RLIMIT_NOFILE, 0, 0)) return failed(SetupStep::kLimits);
  return {};
}

}  // namespace imgmill::codec_worker
