#include "http/page.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

std::string cursor_of(std::string_view listing, std::uint64_t next) {
  const std::string json = cursor_json(listing, next);
  return json.substr(1, json.size() - 2);
}

TEST(Page, DefaultsAndBounds) {
  EXPECT_EQ(page_asked("", "requests?")->limit, 50U);
  EXPECT_EQ(page_asked("", "requests?")->from, std::nullopt);
  EXPECT_EQ(page_asked("limit=500&cursor=&status=", "requests?")->limit, 500U);
  EXPECT_TRUE(page_asked("limit=501", "requests?").error().detail.starts_with("limit: "));
}

TEST(Page, ACursorComesBackAsItWas) {
  for (const std::uint64_t at :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{900'000}, ~std::uint64_t{0}}) {
    const std::string cursor = cursor_of("images/x?failed", at);
    EXPECT_EQ(cursor.find_first_of("+/="), cursor.npos) << cursor;
    EXPECT_EQ(page_asked("cursor=" + cursor, "images/x?failed")->from, at);
  }
  EXPECT_EQ(cursor_json("requests?", std::nullopt), "null");
}

TEST(Page, ACursorOfAnotherListingOrMadeUpIsRefused) {
  const std::string cursor = cursor_of("requests?failed", 7);
  std::string changed = cursor;
  changed[3] = changed[3] == 'A' ? 'B' : 'A';
  const auto refused = [](const std::string& text, std::string_view listing) {
    const auto asked = page_asked("cursor=" + text, listing);
    return !asked && asked.error().status == 400 && asked.error().detail.starts_with("cursor: ");
  };
  EXPECT_TRUE(refused(cursor, "requests?"));
  EXPECT_TRUE(refused(cursor, "images/x?failed"));
  EXPECT_TRUE(refused(changed, "requests?failed"));
  EXPECT_TRUE(refused(cursor.substr(0, 16), "requests?failed"));
  EXPECT_TRUE(refused(cursor + "AAAA", "requests?failed"));
  for (const auto* text : {"x", "7", "%00", "AAAA", "%FF%FE", "===="}) {
    EXPECT_TRUE(refused(text, "requests?failed")) << text;
  }
}

}  // namespace
}  // namespace imgmill
