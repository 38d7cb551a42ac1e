// One test for each wall of the codec child's sandbox. Every attempt is made twice: with the
// sandbox, and in a child without one, where it must come through; so a test cannot pass because
// the attempt was lame.
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/clock.h"
#include "codec/child.h"
#include "tests/sandbox/hostile.h"

namespace imgmill {
namespace {

CodecPoolOptions without_sandbox() {
  CodecPoolOptions options = hostile_options();
  options.sandbox = false;
  return options;
}

struct Attempt {
  const char* name;
  std::string command;
};

std::ostream& operator<<(std::ostream& out, const Attempt& attempt) {
  return out << attempt.command;
}

class Forbidden : public testing::TestWithParam<Attempt> {};

TEST_P(Forbidden, EndsTheChild) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  const std::string before = message_of(ask(*pool, "pid"));
  EXPECT_EQ(word_of(ask(*pool, GetParam().command)), "decoder_crashed");
  const std::string after = message_of(ask(*pool, "pid"));
  EXPECT_NE(before, after);
  EXPECT_FALSE(after.empty());
}

TEST_P(Forbidden, ComesThroughWithoutTheSandbox) {
  const auto pool = hostile_pool(without_sandbox());
  ASSERT_TRUE(pool);
  const CodecOutcome outcome = ask(*pool, GetParam().command);
  EXPECT_EQ(word_of(outcome), "corrupt_image");
  EXPECT_EQ(message_of(outcome), "done");
}

INSTANTIATE_TEST_SUITE_P(Sandbox, Forbidden,
                         testing::Values(Attempt{"Open", "open /etc/passwd"},
                                         Attempt{"Stat", "stat /etc/passwd"},
                                         Attempt{"Socket", "socket"},
                                         Attempt{"Socketpair", "socketpair"},
                                         Attempt{"Fork", "fork"}, Attempt{"Thread", "thread"},
                                         Attempt{"KillParent", "kill-parent"},
                                         Attempt{"ExecutableMemory", "executable-memory"}),
                         [](const auto& tested) { return tested.param.name; });

// What some machines forbid to everybody, so that there may be no counter-proof.
class ForbiddenAnyhow : public testing::TestWithParam<Attempt> {};

TEST_P(ForbiddenAnyhow, EndsTheChild) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  EXPECT_EQ(word_of(ask(*pool, GetParam().command)), "decoder_crashed");
}

INSTANTIATE_TEST_SUITE_P(
    Sandbox, ForbiddenAnyhow,
    testing::Values(Attempt{"Exec", "exec"}, Attempt{"OpenProc", "open /proc/self/mem"},
                    Attempt{"Connect", "connect"}, Attempt{"PtraceParent", "ptrace-parent"},
                    Attempt{"ReadParent", "read-parent"}, Attempt{"IoUring", "io-uring"},
                    Attempt{"RaiseLimit", "raise-limit"}, Attempt{"NewNamespace", "new-namespace"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Sandbox, AnAllowedCallIsAnswered) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  EXPECT_EQ(message_of(ask(*pool, "allocate 1000000")), "done");
  EXPECT_EQ(word_of(ask(*pool, "copy 100")), "rendition");
}

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = std::filesystem::temp_directory_path() / "imgmill-sandbox-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ / "victim"; }

  std::filesystem::path folder_;
};

TEST_F(Files, NoneIsMade) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  EXPECT_EQ(word_of(ask(*pool, "write-file " + path())), "decoder_crashed");
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(Files, NoneIsRemoved) {
  std::ofstream(path()) << "precious";
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  EXPECT_EQ(word_of(ask(*pool, "unlink " + path())), "decoder_crashed");
  EXPECT_TRUE(std::filesystem::exists(path()));
  EXPECT_EQ(message_of(ask(*hostile_pool(without_sandbox()), "unlink " + path())), "done");
}

// The limits stand also where the operator has switched the sandbox off.
TEST_F(Files, NotOneByteIsWrittenEvenWithoutTheSandbox) {
  const auto pool = hostile_pool(without_sandbox());
  ASSERT_TRUE(pool);
  EXPECT_EQ(word_of(ask(*pool, "write-file " + path())), "decoder_crashed");  // SIGXFSZ
  ASSERT_TRUE(std::filesystem::exists(path()));
  EXPECT_EQ(std::filesystem::file_size(path()), 0u);
}

TEST(Limits, MemoryIsBoundedAndTheReasonIsTold) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  const CodecOutcome outcome = ask(*pool, "allocate 10000000000");
  EXPECT_EQ(word_of(outcome), "too_many_pixels");
  EXPECT_NE(message_of(outcome).find("memory"), std::string::npos);
  EXPECT_EQ(message_of(ask(*pool, "allocate 100000000")), "done");
}

// Asked of a child directly: a pool sets its deadline below the CPU limit.
TEST(Limits, CpuTimeIsBounded) {
  const SystemClock clock;
  const CodecPoolOptions pool_options = hostile_options();
  const auto arena = codec_wire::layout_for(pool_options.source_bytes_max);
  const auto child = Child::start({.worker = pool_options.worker,
                                   .arena = arena,
                                   .memory_bytes_max = pool_options.memory_bytes_max + arena.size(),
                                   .cpu_max = std::chrono::seconds(1)},
                                  clock);
  ASSERT_TRUE(child) << describe(child.error());
  const Spool source = spool_of("spin");
  const auto outcome = (*child)->run(
      {.source = source, .recipe = {}, .pixels_max = 1, .deadline = std::chrono::seconds(120)});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ChildFailure::Kind::kTimedOut);
  EXPECT_EQ(outcome.error().detail, "used up its CPU time");
}

TEST(Limits, ADeafChildIsKilledAtTheDeadline) {
  CodecPoolOptions options = hostile_options();
  options.deadline = std::chrono::milliseconds(50);
  const auto pool = hostile_pool(options);
  ASSERT_TRUE(pool);
  EXPECT_EQ(word_of(ask(*pool, "spin-deaf")), "decoder_timeout");
}

}  // namespace
}  // namespace imgmill
