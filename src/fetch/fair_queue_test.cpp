#include "fetch/fair_queue.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<std::string> take_all(FairQueue<std::string>& queue) {
  std::vector<std::string> taken;
  while (auto entry = queue.take()) taken.push_back(*entry);
  return taken;
}

TEST(FairQueue, OriginsTakeTurnsAndEachKeepsItsOrder) {
  FairQueue<std::string> queue(10, 10);
  for (const char* entry : {"a1", "a2", "a3", "b1", "b2", "c1"}) {
    queue.push(std::string(1, entry[0]), entry);
  }
  EXPECT_THAT(take_all(queue), ElementsAre("a1", "b1", "c1", "a2", "b2", "a3"));
}

TEST(FairQueue, TakesNoMorePlacesThanThereAre) {
  FairQueue<std::string> queue(2, 2);
  for (const char* entry : {"a1", "b1", "c1"}) queue.push(std::string(1, entry[0]), entry);
  EXPECT_THAT(take_all(queue), ElementsAre("a1", "b1"));
  queue.give_back("a");
  EXPECT_THAT(take_all(queue), ElementsAre("c1"));
}

TEST(FairQueue, AnOriginAtItsLimitWaitsWhileOthersGoOn) {
  FairQueue<std::string> queue(10, 2);
  for (const char* entry : {"a1", "a2", "a3", "a4", "b1"})
    queue.push(std::string(1, entry[0]), entry);
  EXPECT_THAT(take_all(queue), ElementsAre("a1", "b1", "a2"));
  queue.give_back("b");
  EXPECT_THAT(take_all(queue), ElementsAre());
  queue.give_back("a");
  EXPECT_THAT(take_all(queue), ElementsAre("a3"));
}

TEST(FairQueue, ForgetsOriginsThatHaveNothingLeft) {
  FairQueue<std::string> queue(4, 4);
  for (int i = 0; i < 1'000; ++i) {
    const std::string origin = "o" + std::to_string(i);
    queue.push(origin, "x");
    ASSERT_TRUE(queue.take());
    queue.give_back(origin);
  }
  EXPECT_EQ(queue.origins(), 0U);
}

TEST(FairQueue, DrainGivesWhatWaitsAndKeepsCountingWhatIsActive) {
  FairQueue<std::string> queue(1, 1);
  for (const char* entry : {"a1", "a2", "b1"}) queue.push(std::string(1, entry[0]), entry);
  ASSERT_TRUE(queue.take());
  EXPECT_THAT(queue.drain(), UnorderedElementsAre("a2", "b1"));
  EXPECT_EQ(queue.origins(), 1U);
  queue.give_back("a");
  EXPECT_EQ(queue.origins(), 0U);
}

}  // namespace
}  // namespace imgmill
