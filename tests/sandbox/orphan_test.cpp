// Children end with their server, however it ends.
#include <array>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>
}

#include "base/unique_fd.h"

namespace imgmill {
namespace {

constexpr int kDeadlineMs = 60'000;

bool readable(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, kDeadlineMs) == 1;
}

// tests/sandbox/pool_host.cpp with two children, of which one is at work.
class Orphans : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd out(ends[0]);
    const UniqueFd in(ends[1]);
    std::array<std::string, 3> words{POOL_HOST, HOSTILE_CODEC, "2"};
    std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
    const int error =
        ::posix_spawn(&host_, POOL_HOST, &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ASSERT_EQ(error, 0);
    watch_children(out.get());
  }

  void TearDown() override {
    if (host_ <= 0) return;
    ::kill(host_, SIGKILL);
    ::waitpid(host_, nullptr, 0);
  }

  void watch_children(int out) {
    ASSERT_TRUE(readable(out));
    std::array<char, 200> line{};
    ASSERT_GT(::read(out, line.data(), line.size() - 1), 0);
    std::istringstream pids(line.data());
    for (int pid = 0; pids >> pid;) children_.emplace_back(::pidfd_open(pid, 0));
    ASSERT_EQ(children_.size(), 2u);
    for (const UniqueFd& child : children_) ASSERT_GE(child.get(), 0);
  }

  pid_t host_ = -1;
  std::vector<UniqueFd> children_;
};

TEST_F(Orphans, DieWhenTheServerIsKilled) {
  for (const UniqueFd& child : children_) {
    pollfd watched{child.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&watched, 1, 0), 0) << "died before its time";
  }
  ASSERT_EQ(::kill(host_, SIGKILL), 0);
  for (const UniqueFd& child : children_) EXPECT_TRUE(readable(child.get()));
}

TEST_F(Orphans, DieWhenTheServerCrashes) {
  ASSERT_EQ(::kill(host_, SIGTERM), 0);  // it has no handler
  for (const UniqueFd& child : children_) EXPECT_TRUE(readable(child.get()));
}

}  // namespace
}  // namespace imgmill
