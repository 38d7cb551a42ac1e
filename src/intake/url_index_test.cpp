#include "intake/url_index.h"

#include <string>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(UrlIndex, GivesAUrlTheNumberItCameWithFirst) {
  UrlIndex index;
  EXPECT_EQ(index.find_or_add("http://h/a", 0), 0U);
  EXPECT_EQ(index.find_or_add("http://h/b", 7), 7U);
  EXPECT_EQ(index.find_or_add("http://h/a", 8), 0U);
  EXPECT_EQ(index.find_or_add("http://h/A", 8), 8U);
  EXPECT_EQ(index.size(), 3U);
}

TEST(UrlIndex, KeepsEveryNumberWhileItGrows) {
  constexpr std::uint32_t kUrls = 100'000;
  UrlIndex index;
  const auto url = [](std::uint32_t i) { return "http://h/" + std::to_string(i); };
  for (std::uint32_t i = 0; i < kUrls; ++i) ASSERT_EQ(index.find_or_add(url(i), i), i);
  for (std::uint32_t i = 0; i < kUrls; ++i) ASSERT_EQ(index.find_or_add(url(i), kUrls), i);
  EXPECT_EQ(index.size(), kUrls);
}

}  // namespace
}  // namespace imgmill
