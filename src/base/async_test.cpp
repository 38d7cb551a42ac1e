#include "base/async.h"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(RunOn, RunsElsewhereAndResumesHere) {
  asio::io_context context(1);
  asio::thread_pool pool(1);
  std::thread::id before, inside, after;
  int value = 0;
  asio::co_spawn(
      context,
      [&]() -> Task<void> {
        before = std::this_thread::get_id();
        value = co_await run_on(pool, [&inside] {
          inside = std::this_thread::get_id();
          return 42;
        });
        after = std::this_thread::get_id();
      },
      asio::detached);
  context.run();
  EXPECT_EQ(value, 42);
  EXPECT_NE(inside, before);
  EXPECT_EQ(after, before);
}

TEST(FromCallback, KeepsTheContextAliveUntilTheCallbackIsCalled) {
  asio::io_context context(1);
  std::unique_ptr<int> got;
  std::jthread answerer;
  asio::co_spawn(
      context,
      [&]() -> Task<void> {
        got =
            co_await from_callback<std::unique_ptr<int>>([&](Callback<std::unique_ptr<int>> done) {
              answerer = std::jthread(
                  [done = std::move(done)]() mutable { done(std::make_unique<int>(7)); });
            });
      },
      asio::detached);
  context.run();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, 7);
}

}  // namespace
}  // namespace imgmill
