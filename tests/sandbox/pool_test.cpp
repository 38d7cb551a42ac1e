// The pool against children that crash, hang and lie (hostile_render.cpp).
#include "codec/pool.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <semaphore>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sandbox/hostile.h"

namespace imgmill {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

std::string pid_of(CodecPool& pool) { return message_of(ask(pool, "pid")); }

TEST(CodecPool, RendersAndKeepsItsChild) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  const std::string pid = pid_of(*pool);
  const CodecOutcome outcome = ask(*pool, "copy 6");
  ASSERT_TRUE(outcome.rendition);
  const std::vector expected{std::byte{0xff}, std::byte{0xd8}, std::byte{0xff},
                             std::byte{'y'},  std::byte{' '},  std::byte{'6'}};
  EXPECT_EQ(outcome.rendition->bytes, expected);
  EXPECT_EQ(outcome.rendition->format, PictureFormat::kJpeg);
  EXPECT_EQ(pid_of(*pool), pid);
}

TEST(CodecPool, TakesASourceThatFillsTheArenaAndNoLargerOne) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  std::string large = "copy 1048576\n";
  large.resize(1 << 20, 'x');
  const CodecOutcome outcome = ask(*pool, large);
  ASSERT_TRUE(outcome.rendition);
  EXPECT_EQ(outcome.rendition->bytes.size(), large.size());
  EXPECT_EQ(outcome.rendition->bytes.back(), std::byte{'x'});
  large += 'x';
  EXPECT_EQ(word_of(ask(*pool, large)), "too_large");
  EXPECT_EQ(word_of(ask(*pool, "")), "corrupt_image");
}

// After a job of many megabytes the arena's pages are given back; the next job sees its own bytes.
TEST(CodecPool, TakesAnotherImageAfterALargeOne) {
  CodecPoolOptions options = hostile_options();
  options.source_bytes_max = 20 << 20;
  const auto pool = hostile_pool(options);
  ASSERT_TRUE(pool);
  std::string large = "copy 20000000\n";
  large.resize(20'000'000, 'x');
  for (int round = 0; round < 2; ++round) {
    const CodecOutcome outcome = ask(*pool, large);
    ASSERT_TRUE(outcome.rendition);
    EXPECT_EQ(outcome.rendition->bytes.size(), large.size());
    EXPECT_EQ(outcome.rendition->bytes.back(), std::byte{'x'});
    EXPECT_EQ(word_of(ask(*pool, "copy 10")), "rendition");
  }
}

// A child that is beyond help costs the image two children, and the next image none.
class Anomaly : public testing::TestWithParam<const char*> {};

TEST_P(Anomaly, FailsTheImageAndReplacesTheChild) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  const std::string before = pid_of(*pool);
  const CodecOutcome outcome = ask(*pool, GetParam());
  EXPECT_EQ(word_of(outcome), "decoder_crashed");
  EXPECT_THAT(message_of(outcome), HasSubstr("twice"));
  EXPECT_NE(pid_of(*pool), before);
}

// The first try is request 2 of the first child and the second is request 1 of the next: "lie-… 2"
// is a lie to both, whatever else it does.
INSTANTIATE_TEST_SUITE_P(Pool, Anomaly,
                         testing::Values("exit 0", "exit 3", "segv", "null", "abort", "garbage",
                                         "long", "short", "lie-job 2", "lie-length 2",
                                         "lie-format 2", "lie-content 2"));

TEST(CodecPool, TellsMemoryFromACrash) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  const std::string before = pid_of(*pool);
  EXPECT_EQ(word_of(ask(*pool, "no-memory")), "too_many_pixels");
  EXPECT_NE(pid_of(*pool), before);
}

TEST(CodecPool, ReplacesAChildThatHangs) {
  CodecPoolOptions options = hostile_options();
  options.deadline = milliseconds(50);
  const auto pool = hostile_pool(options);
  ASSERT_TRUE(pool);
  EXPECT_EQ(word_of(ask(*pool, "spin")), "decoder_timeout");
  EXPECT_EQ(word_of(ask(*pool, "spin")), "decoder_timeout");
}

TEST(CodecPool, TheSecondChildMayDoBetter) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  pid_of(*pool);
  // Request 2 of the first child, so that job 1 is a lie; request 1 of the second, so that it is
  // true.
  const CodecOutcome outcome = ask(*pool, "scribble 1");
  ASSERT_TRUE(outcome.rendition);
}

// What is handed on is a copy whose first bytes were checked, however the child writes on.
TEST(CodecPool, CopiesOutBeforeItBelieves) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  const CodecOutcome outcome = ask(*pool, "scribble 1");
  ASSERT_TRUE(outcome.rendition);
  EXPECT_EQ(outcome.rendition->bytes.size(), 1u << 20);
  EXPECT_EQ(outcome.rendition->bytes[0], std::byte{0xff});
}

std::chrono::nanoseconds cpu_of(pid_t pid) {
  clockid_t clock = 0;
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return {};
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

TEST(CodecPool, AReplyThatCameUnaskedIsNotTheNextImages) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  const int child = number_of(pid_of(*pool));
  const auto before = cpu_of(child);
  EXPECT_EQ(word_of(ask(*pool, "reply-ahead 2")), "corrupt_image");
  // It spins once both replies are sent. It may be found out and be dead before: then it is zero.
  for (auto used = before; used.count() != 0 && used < before + milliseconds(50);) {
    used = cpu_of(child);
  }
  EXPECT_EQ(word_of(ask(*pool, "copy 5")), "rendition");
  EXPECT_NE(number_of(pid_of(*pool)), child);
}

TEST(CodecPool, ReplacesAChildThatHasDoneEnough) {
  CodecPoolOptions options = hostile_options();
  options.images_per_life = 3;
  const auto pool = hostile_pool(options);
  ASSERT_TRUE(pool);
  std::vector<std::string> pids;
  for (int i = 0; i < 7; ++i) pids.push_back(pid_of(*pool));
  EXPECT_EQ(pids[0], pids[2]);
  EXPECT_NE(pids[2], pids[3]);
  EXPECT_EQ(pids[3], pids[5]);
  EXPECT_NE(pids[5], pids[6]);
}

TEST(CodecPool, ManyImagesOverTwoChildrenWithCrashesBetween) {
  CodecPoolOptions options = hostile_options();
  options.children = 2;
  const auto pool = hostile_pool(options);
  ASSERT_TRUE(pool);
  std::vector<std::future<CodecOutcome>> answers;
  constexpr int kImages = 300;
  for (int i = 0; i < kImages; ++i) {
    answers.push_back(ask_later(*pool, i % 50 == 7 ? "segv" : "copy 1000"));
  }
  int renditions = 0;
  int crashes = 0;
  for (auto& answer : answers) {
    const CodecOutcome outcome = answer.get();
    renditions += outcome.rendition ? 1 : 0;
    crashes += word_of(outcome) == "decoder_crashed" ? 1 : 0;
  }
  EXPECT_EQ(crashes, kImages / 50);
  EXPECT_EQ(renditions, kImages - kImages / 50);
}

TEST(CodecPool, BothChildrenWorkAtOnce) {
  CodecPoolOptions options = hostile_options();
  options.children = 2;
  const auto pool = hostile_pool(options);
  ASSERT_TRUE(pool);
  auto stuck = ask_later(*pool, "spin");
  const std::string pid = pid_of(*pool);  // comes back although one child is stuck
  EXPECT_FALSE(pid.empty());
  EXPECT_EQ(pid_of(*pool), pid);
  pool->stop();
  EXPECT_EQ(word_of(stuck.get()), "cancelled");
}

TEST(CodecPool, StopAnswersWhatIsQueuedAndWhatIsUnderWayOnce) {
  const auto pool = hostile_pool();
  ASSERT_TRUE(pool);
  std::atomic<int> answered = 0;
  std::atomic<int> cancelled = 0;
  for (int i = 0; i < 20; ++i) {
    pool->render(spool_of("spin"), {}, [&](CodecOutcome outcome) {
      ++answered;
      cancelled += word_of(outcome) == "cancelled" ? 1 : 0;
    });
  }
  pool->stop();
  pool->stop();
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(cancelled, 20);
  EXPECT_EQ(word_of(ask(*pool, "copy 3")), "cancelled");
}

TEST(CodecPool, AJobThatFinishesWhileStoppingIsAnsweredOnce) {
  for (int round = 0; round < 10; ++round) {
    const auto pool = hostile_pool();
    ASSERT_TRUE(pool);
    std::atomic<int> answered = 0;
    for (int i = 0; i < 50; ++i) {
      pool->render(spool_of("copy 9"), {}, [&](CodecOutcome) { ++answered; });
    }
    pool->stop();
    EXPECT_EQ(answered, 50);
  }
}

TEST(CodecPoolStart, NamesAProgramThatIsNotThere) {
  CodecPoolOptions options = hostile_options();
  options.worker = "/nowhere/imgmill-codec";
  const auto pool = CodecPool::create(options);
  ASSERT_FALSE(pool);
  EXPECT_THAT(pool.error().detail, HasSubstr("/nowhere/imgmill-codec"));
}

TEST(CodecPoolStart, RefusesAProgramThatIsNoCodec) {
  CodecPoolOptions options = hostile_options();
  options.worker = "/bin/true";
  const auto pool = CodecPool::create(options);
  ASSERT_FALSE(pool);
  EXPECT_THAT(pool.error().detail, HasSubstr("exit status 0"));
}

TEST(CodecPoolStart, NamesTheStepOfTheSandboxThatFailed) {
  CodecPoolOptions options = hostile_options();
  options.memory_bytes_max = 0;  // the arena alone, without room for the program
  const auto pool = CodecPool::create(options);
  ASSERT_FALSE(pool);
  EXPECT_THAT(pool.error().text, HasSubstr("mapping the shared memory"));
}

TEST(CodecPoolStart, RefusesOptionsOutOfRange) {
  CodecPoolOptions options = hostile_options();
  options.children = 0;
  EXPECT_FALSE(CodecPool::create(options));
  options = hostile_options();
  options.deadline = milliseconds(0);
  EXPECT_FALSE(CodecPool::create(options));
  options = hostile_options();
  options.source_bytes_max = 0;
  EXPECT_FALSE(CodecPool::create(options));
}

// The program is taken away while the pool runs (an upgrade, a full table of processes).
class LostWorker : public testing::Test {
 protected:
  LostWorker() {
    std::string name = std::filesystem::temp_directory_path() / "imgmill-pool-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    std::filesystem::copy_file(HOSTILE_CODEC, worker());
  }
  ~LostWorker() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::filesystem::path worker() const { return folder_ / "codec"; }

  std::filesystem::path folder_;
};

TEST_F(LostWorker, ImagesFailRatherThanHangAndALaterStartIsUsed) {
  CodecPoolOptions options = hostile_options();
  options.worker = worker();
  const auto pool = hostile_pool(options);
  ASSERT_TRUE(pool);
  std::filesystem::rename(worker(), folder_ / "away");
  EXPECT_EQ(message_of(ask(*pool, "segv")), "no decoder could be started");
  EXPECT_EQ(message_of(ask(*pool, "copy 3")), "no decoder could be started");
  std::filesystem::rename(folder_ / "away", worker());
  // Either it waits for the next start, or it still fails with the last vain one.
  while (word_of(ask(*pool, "copy 3")) != "rendition") continue;
}

}  // namespace
}  // namespace imgmill
