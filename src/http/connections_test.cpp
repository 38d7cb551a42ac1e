#include "http/connections.h"

#include <gtest/gtest.h>

#include "http/pace.h"

namespace imgmill {
namespace {

using std::chrono::seconds;

struct Recorder final : Connection {
  void enforce_deadline(std::chrono::steady_clock::time_point) override { ++enforced; }
  void retire() override { ++retired; }
  void abort() override { ++aborted; }
  int enforced = 0;
  int retired = 0;
  int aborted = 0;
};

TEST(Connections, NoMoreThanAllowed) {
  Connections connections(2);
  const auto first = std::make_shared<Recorder>();
  const auto second = std::make_shared<Recorder>();
  const auto third = std::make_shared<Recorder>();
  EXPECT_TRUE(connections.add(first));
  EXPECT_TRUE(connections.add(second));
  EXPECT_FALSE(connections.add(third));
  connections.remove(first.get());
  EXPECT_TRUE(connections.add(third));
  EXPECT_EQ(connections.size(), 2u);
}

TEST(Connections, EveryOneIsReachedAndNoneIsTakenAfterRetiring) {
  Connections connections(10);
  const auto one = std::make_shared<Recorder>();
  ASSERT_TRUE(connections.add(one));
  connections.enforce_deadlines({});
  connections.retire_all();
  connections.abort_all();
  EXPECT_EQ(one->enforced + one->retired + one->aborted, 3);
  EXPECT_FALSE(connections.add(std::make_shared<Recorder>()));
}

TEST(Connections, WaitsUntilTheLastOneIsGone) {
  Connections connections(10);
  const auto one = std::make_shared<Recorder>();
  ASSERT_TRUE(connections.add(one));
  EXPECT_FALSE(connections.wait_until_empty(std::chrono::milliseconds(1)));
  connections.remove(one.get());
  EXPECT_TRUE(connections.wait_until_empty(std::chrono::milliseconds(1)));
  connections.wait_until_empty();
}

TEST(Pace, NoLongerThanTheStallForOneByte) {
  Pace pace(seconds(30));
  EXPECT_EQ(pace.patience(), seconds(30));
  pace.moved(100 * limits::kHttpBytesPerSecondMin, seconds(1));
  EXPECT_EQ(pace.patience(), seconds(30));
}

TEST(Pace, DripsUseItUp) {
  Pace pace(seconds(30));
  pace.moved(1, seconds(20));
  EXPECT_EQ(pace.patience(), seconds(10));
  pace.moved(1, seconds(20));
  EXPECT_EQ(pace.patience(), seconds(0));
}

TEST(Pace, SteadyBytesKeepItUp) {
  Pace pace(seconds(30));
  for (int second = 0; second < 1'000; ++second) {
    pace.moved(limits::kHttpBytesPerSecondMin, seconds(1));
  }
  EXPECT_EQ(pace.patience(), seconds(30));
}

}  // namespace
}  // namespace imgmill
