#include "cli/poll_pace.h"

#include <gtest/gtest.h>

namespace imgmill::cli {
namespace {

using namespace std::chrono_literals;
using Moment = PollPace::Moment;

constexpr Moment kStart{};

TEST(PollPace, IsSlowerTheLongerItTakes) {
  PollPace pace(kStart, 300s);
  EXPECT_EQ(pace.after_answer(kStart, {}), 500ms);
  EXPECT_EQ(pace.after_answer(kStart + 1s, {}), 1s);
  EXPECT_EQ(pace.after_answer(kStart + 90s, {}), 3s);
  EXPECT_EQ(pace.after_answer(kStart + 1h, {}), 10s);
}

TEST(PollPace, DoesNotOversleepTheEnd) {
  PollPace pace(kStart, 300s);
  (void)pace.after_answer(kStart, {});
  EXPECT_EQ(pace.after_answer(kStart + 1h, 4s), 4s);
  EXPECT_EQ(pace.after_answer(kStart + 1h, 0s), 1s);
  EXPECT_EQ(pace.after_answer(kStart + 1h, 3'600s), 10s);
}

TEST(PollPace, TroublePausesGrowUntilPatienceEnds) {
  PollPace pace(kStart, 60s);
  Moment now = kStart;
  for (const auto pause : {1s, 2s, 4s, 8s, 15s, 15s}) {
    EXPECT_EQ(pace.after_trouble(now, {}), pause);
    now += pause;
  }
  EXPECT_EQ(pace.after_trouble(now, {}), 15s);  // which is all that is left of it
  EXPECT_EQ(pace.after_trouble(now + 15s, {}), std::nullopt);
}

TEST(PollPace, AnAnswerEndsTheTrouble) {
  PollPace pace(kStart, 10s);
  EXPECT_EQ(pace.after_trouble(kStart, {}), 1s);
  EXPECT_TRUE(pace.in_trouble());
  (void)pace.after_answer(kStart + 1s, {});
  EXPECT_FALSE(pace.in_trouble());
  EXPECT_EQ(pace.after_trouble(kStart + 20s, {}), 1s);
}

TEST(PollPace, RetryAfterIsHonouredWithinABound) {
  PollPace pace(kStart, 300s);
  EXPECT_EQ(pace.after_trouble(kStart, 20s), 20s);
  EXPECT_EQ(pace.after_trouble(kStart, 86'400s), 60s);
}

TEST(PollPace, NoPatienceIsNoSecondTry) {
  PollPace pace(kStart, 0s);
  EXPECT_EQ(pace.after_trouble(kStart, {}), std::nullopt);
}

}  // namespace
}  // namespace imgmill::cli
