// Landlock and the limits alone, without the seccomp filter before them: a layer behind another is
// only there if somebody looks. Each test runs in a process of its own.
#include <cerrno>
#include <functional>
#include <linux/capability.h>
#include <netinet/in.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "codec_worker/landlock.h"
#include "codec_worker/sandbox.h"
#include "codec_worker/seccomp_filter.h"

namespace imgmill::codec_worker {
namespace {

// waitpid's status of a process that exits with what `act` returns.
int status_of(const std::function<int()>& act) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(act());
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

int exit_of(const std::function<int()>& act) {
  const int status = status_of(act);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int errno_of(long result) { return result < 0 ? errno : 0; }

constexpr int kNoLandlock = 200;

int behind_landlock(const std::function<int()>& act) {
  return exit_of([&] {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const auto stands = deny_by_landlock();
    if (!stands) return 201;
    return *stands ? act() : kNoLandlock;
  });
}

#define SKIP_WITHOUT_LANDLOCK() \
  if (behind_landlock([] { return 0; }) == kNoLandlock) GTEST_SKIP() << "no Landlock here"

int open_passwd() { return errno_of(::open("/etc/passwd", O_RDONLY)); }
int list_root() { return errno_of(::open("/", O_RDONLY | O_DIRECTORY)); }
int make_folder() {
  const std::string path = "/tmp/imgmill-landlock-" + std::to_string(::getpid());
  const int error = errno_of(::mkdir(path.c_str(), 0700));
  if (error == 0) ::rmdir(path.c_str());
  return error;
}
int run_true() { return errno_of(::execl("/bin/true", "true", nullptr)); }
int signal_parent() { return errno_of(::kill(::getppid(), 0)); }

TEST(Landlock, DeniesEveryPath) {
  SKIP_WITHOUT_LANDLOCK();
  EXPECT_EQ(exit_of(open_passwd), 0);
  EXPECT_EQ(behind_landlock(open_passwd), EACCES);
  EXPECT_EQ(exit_of(list_root), 0);
  EXPECT_EQ(behind_landlock(list_root), EACCES);
  EXPECT_EQ(exit_of(make_folder), 0);
  EXPECT_EQ(behind_landlock(make_folder), EACCES);
  EXPECT_EQ(behind_landlock(run_true), EACCES);
}

TEST(Landlock, DeniesSignalsToOthersWhereItCan) {
  SKIP_WITHOUT_LANDLOCK();
  if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) < 6) GTEST_SKIP() << "older Landlock";
  EXPECT_EQ(exit_of(signal_parent), 0);
  EXPECT_EQ(behind_landlock(signal_parent), EPERM);
}

TEST(Limits, NoDescriptorIsOpenedAnyMore) {
  const auto duplicate = [] { return errno_of(::dup(STDERR_FILENO)); };
  EXPECT_EQ(exit_of(duplicate), 0);
  EXPECT_EQ(exit_of([&] { return forbid_descriptors() ? duplicate() : 201; }), EMFILE);
}

TEST(Limits, NoFileGrowsAndNoCoreIsLeft) {
  const auto hard_limit = [](__rlimit_resource_t resource) {
    rlimit bounds{};
    ::getrlimit(resource, &bounds);
    return bounds.rlim_max;
  };
  EXPECT_EQ(exit_of([&] {
              if (!limit_resources(1ULL << 40, 7)) return 201;
              return hard_limit(RLIMIT_FSIZE) == 0 && hard_limit(RLIMIT_CORE) == 0 &&
                             hard_limit(RLIMIT_CPU) == 8
                         ? 0
                         : 1;
            }),
            0);
}

bool has_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, sets) != 0) return true;
  return (sets[0].effective | sets[0].permitted | sets[1].effective | sets[1].permitted) != 0;
}

TEST(Privileges, AreGone) {
  EXPECT_EQ(exit_of([] {
              if (!give_up_privileges()) return 201;
              if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 1;
              return has_capabilities() ? 2 : 0;
            }),
            0);
}

TEST(Network, IsEmpty) {
  const auto dial_loopback = [] {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return errno_of(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  };
  if (exit_of([] { return leave_network() ? 0 : 1; }) != 0) GTEST_SKIP() << "not allowed here";
  EXPECT_EQ(exit_of(dial_loopback), 0);
  EXPECT_EQ(exit_of([&] { return leave_network() ? dial_loopback() : 201; }), ENETUNREACH);
}

TEST(Parent, AChildOfSomebodyElseDoesNotStay) {
  EXPECT_EQ(exit_of([] { return die_with_parent(static_cast<std::uint32_t>(::getppid())); }), 1);
  EXPECT_EQ(exit_of([] { return die_with_parent(1 << 30); }), 0);
}

}  // namespace
}  // namespace imgmill::codec_worker
