#include "objects/fake/fake_store.h"

#include <array>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

constexpr std::array<std::byte, 2> kOld{std::byte{1}, std::byte{2}};
constexpr std::array<std::byte, 1> kNew{std::byte{3}};

TEST(FakeStore, FailsOnceAndChangesNothing) {
  FakeStore store;
  store.fail_next({ErrorCode::kNoSpace, "full", ""});
  EXPECT_EQ(store.put("a", kOld).error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(store.keys().empty());
  EXPECT_TRUE(store.put("a", kOld));
}

TEST(FakeStore, FailsTheVerbThatWasNamed) {
  FakeStore store;
  store.fail_next(FakeStore::Verb::kMakeDurable, {ErrorCode::kIo, "", ""});
  EXPECT_TRUE(store.put("a", kOld));
  const std::array<std::string, 1> keys{"a"};
  EXPECT_FALSE(store.make_durable(keys));
  EXPECT_FALSE(store.is_durable("a"));
  EXPECT_TRUE(store.make_durable(keys));
  EXPECT_TRUE(store.is_durable("a"));
  EXPECT_EQ(store.calls(FakeStore::Verb::kMakeDurable), 2);
}

TEST(FakeStore, LosesWithThePowerWhatWasNotDurable) {
  FakeStore store;
  ASSERT_TRUE(store.put("a", kOld));
  const std::array<std::string, 1> keys{"a"};
  ASSERT_TRUE(store.make_durable(keys));
  ASSERT_TRUE(store.put("a", kNew));
  ASSERT_TRUE(store.put("b", kNew));
  EXPECT_FALSE(store.is_durable("a"));
  store.lose_power();
  EXPECT_EQ(store.bytes_of("a"), "\x01\x02");
  EXPECT_EQ(store.bytes_of("b"), std::nullopt);
}

}  // namespace
}  // namespace imgmill
