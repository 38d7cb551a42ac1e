#include "fetch/fair_queue.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Entries are named by their origin's letter: "a1" is of the origin "a".
LaneName lane_of(const std::string& entry, std::int64_t batch = 1) {
  return {.batch = batch, .origin = entry.substr(0, 1)};
}

void push_all(FairQueue<std::string>& queue, const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) queue.push(lane_of(entry), entry);
}

std::vector<std::string> take_all(FairQueue<std::string>& queue) {
  std::vector<std::string> taken;
  while (auto entry = queue.take()) taken.push_back(*entry);
  return taken;
}

TEST(FairQueue, OriginsTakeTurnsAndEachKeepsItsOrder) {
  FairQueue<std::string> queue(10, 10);
  push_all(queue, {"a1", "a2", "a3", "b1", "b2", "c1"});
  EXPECT_THAT(take_all(queue), ElementsAre("a1", "b1", "c1", "a2", "b2", "a3"));
}

TEST(FairQueue, ABatchIsTakenOutAndTheOthersKeepTheirTurns) {
  FairQueue<std::string> queue(10, 10);
  for (const std::string& entry : {"a1", "b1", "b2"}) queue.push(lane_of(entry, 1), entry);
  for (const std::string& entry : {"a3", "c1"}) queue.push(lane_of(entry, 2), entry);
  EXPECT_THAT(queue.take_out(1), UnorderedElementsAre("a1", "b1", "b2"));
  EXPECT_THAT(queue.take_out(1), IsEmpty());
  EXPECT_THAT(take_all(queue), ElementsAre("a3", "c1"));
  EXPECT_EQ(queue.lanes(), 0U);
}

TEST(FairQueue, TakesNoMorePlacesThanThereAre) {
  FairQueue<std::string> queue(2, 2);
  push_all(queue, {"a1", "b1", "c1"});
  EXPECT_THAT(take_all(queue), ElementsAre("a1", "b1"));
  queue.give_back(lane_of("a1"));
  EXPECT_THAT(take_all(queue), ElementsAre("c1"));
}

TEST(FairQueue, AnOriginAtItsLimitWaitsWhileOthersGoOn) {
  FairQueue<std::string> queue(10, 2);
  push_all(queue, {"a1", "a2", "a3", "a4", "b1"});
  EXPECT_THAT(take_all(queue), ElementsAre("a1", "b1", "a2"));
  queue.give_back(lane_of("b1"));
  EXPECT_THAT(take_all(queue), IsEmpty());
  queue.give_back(lane_of("a1"));
  EXPECT_THAT(take_all(queue), ElementsAre("a3"));
}

TEST(FairQueue, AnOriginsLimitHoldsAcrossBatches) {
  FairQueue<std::string> queue(10, 2);
  queue.push(lane_of("a1", 1), "a1");
  queue.push(lane_of("a2", 2), "a2");
  queue.push(lane_of("a3", 3), "a3");
  EXPECT_THAT(take_all(queue), ElementsAre("a1", "a2"));
}

TEST(FairQueue, ABatchOfManyOriginsLeavesPlacesForTheNext) {
  FairQueue<int> queue(64, 16);
  std::vector<int> held;  // how many places each batch got
  for (std::int64_t batch = 1; batch <= 4; ++batch) {
    for (int i = 0; i < 100; ++i) {
      queue.push({.batch = batch, .origin = std::to_string(batch * 10 + i % 8)}, i);
    }
    int got = 0;
    while (queue.take()) ++got;
    held.push_back(got);
  }
  EXPECT_THAT(held, ElementsAre(56, 7, 1, 0));
}

TEST(FairQueue, ManyDryRunsHoldNoMoreThanOneBatch) {
  FairQueue<int> queue(64, 16);
  for (std::int64_t round = 1; round <= 20; ++round) {
    for (int i = 0; i < 8; ++i) queue.push({.batch = -round, .origin = std::to_string(i)}, i);
  }
  int held = 0;
  while (queue.take()) ++held;
  EXPECT_EQ(held, 56);
  queue.push({.batch = 1, .origin = "another"}, 0);
  EXPECT_TRUE(queue.take());
  queue.give_back({.batch = -1, .origin = "0"});
}

TEST(FairQueue, ABatchGoesOnAsItsOwnPlacesComeBack) {
  FairQueue<std::string> queue(8, 8);
  push_all(queue, {"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"});
  EXPECT_EQ(take_all(queue).size(), 7U);
  queue.give_back(lane_of("a1"));
  EXPECT_THAT(take_all(queue), ElementsAre("a8"));
}

TEST(FairQueue, ForgetsWhatHasNothingLeft) {
  FairQueue<std::string> queue(4, 4);
  for (int i = 0; i < 1'000; ++i) {
    const LaneName lane{.batch = i, .origin = "o" + std::to_string(i)};
    queue.push(lane, "x");
    ASSERT_TRUE(queue.take());
    queue.give_back(lane);
  }
  EXPECT_EQ(queue.lanes(), 0U);
  EXPECT_EQ(queue.origins_under_way(), 0U);
}

TEST(FairQueue, DrainGivesWhatWaitsAndKeepsCountingWhatIsUnderWay) {
  FairQueue<std::string> queue(1, 1);
  push_all(queue, {"a1", "a2", "b1"});
  ASSERT_TRUE(queue.take());
  EXPECT_THAT(queue.drain(), UnorderedElementsAre("a2", "b1"));
  EXPECT_EQ(queue.lanes(), 0U);
  EXPECT_EQ(queue.origins_under_way(), 1U);
  queue.give_back(lane_of("a1"));
  EXPECT_EQ(queue.origins_under_way(), 0U);
}

}  // namespace
}  // namespace imgmill
