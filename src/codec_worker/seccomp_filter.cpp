#include "codec_worker/seccomp_filter.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <sys/mman.h>

#include <seccomp.h>
#include <unistd.h>

#include "codec/wire.h"
#include "codec_worker/sanitized.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::array kAllowed{
    // memory
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(sysinfo),  // qsort asks how much there is
    // locks, also with one thread: libgomp's, under libimagequant
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    // abort(); tgkill has its condition below
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    // time and chance
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    // the end
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

// Address sanitizer looks at its stacks before a longjmp, as libjpeg's errors are.
constexpr int kSanitizerCall = SCMP_SYS(sigaltstack);

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

// The conditions that one argument of a call must meet.
scmp_arg_cmp equal(unsigned argument, scmp_datum_t value) {
  return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}
scmp_arg_cmp without(unsigned argument, scmp_datum_t bits) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = 0};
}

bool allow(const Filter& filter, int call, scmp_arg_cmp only_when) {
  return seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &only_when) == 0;
}

bool allow_calls(const Filter& filter) {
  for (const int call : kAllowed) {
    if (seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) != 0) return false;
  }
  if (kSanitized && seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, kSanitizerCall, 0) != 0) {
    return false;
  }
  return true;
}

bool allow_with_conditions(const Filter& filter) {
  // Memory is never made executable.
  return allow(filter, SCMP_SYS(mmap), without(2, PROT_EXEC)) &&
         allow(filter, SCMP_SYS(mprotect), without(2, PROT_EXEC)) &&
         // The socket, and a last word on stderr.
         allow(filter, SCMP_SYS(recvfrom), equal(0, codec_wire::kSocketFd)) &&
         allow(filter, SCMP_SYS(sendto), equal(0, codec_wire::kSocketFd)) &&
         allow(filter, SCMP_SYS(write), equal(0, STDERR_FILENO)) &&
         allow(filter, SCMP_SYS(writev), equal(0, STDERR_FILENO)) &&
         // A signal to oneself, never to others.
         allow(filter, SCMP_SYS(tgkill), equal(0, static_cast<scmp_datum_t>(::getpid())));
}

}  // namespace

std::expected<void, int> filter_system_calls() {
  constexpr std::uint32_t kOtherwise = kSanitized ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS;
  const Filter filter(seccomp_init(kOtherwise), &seccomp_release);
  if (filter == nullptr) return std::unexpected(ENOMEM);
  // Threads that the libraries have started while warming up are bound as well. No-new-privileges
  // stands already.
  const bool built = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                     seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 &&
                     allow_calls(filter) && allow_with_conditions(filter);
  if (!built) return std::unexpected(EINVAL);
  if (const int result = seccomp_load(filter.get()); result != 0) return std::unexpected(-result);
  return {};
}

}  // namespace imgmill::codec_worker
