#include "http/byte_range.h"

#include <gtest/gtest.h>

#include "http/http_date.h"

namespace imgmill {
namespace {

const Time kModified = *parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") + Micros(123'456);
const ObjectFacts kObject{1'000, kModified, "\"tag\""};

std::string chosen(std::string_view range, std::string_view if_range = {}) {
  const auto choice = choose_range({.if_range = if_range, .range = range}, kObject);
  if (std::holds_alternative<WholeObject>(choice)) return "whole";
  if (std::holds_alternative<Unsatisfiable>(choice)) return "416";
  const auto part = std::get<ByteRange>(choice);
  return std::to_string(part.first) + "+" + std::to_string(part.count);
}

TEST(ByteRange, EveryForm) {
  EXPECT_EQ(chosen("bytes=0-0"), "0+1");
  EXPECT_EQ(chosen("bytes=10-19"), "10+10");
  EXPECT_EQ(chosen("Bytes = 990-"), "990+10");
  EXPECT_EQ(chosen("bytes=990-5000"), "990+10");
  EXPECT_EQ(chosen("bytes=-10"), "990+10");
  EXPECT_EQ(chosen("bytes=-5000"), "0+1000");
  EXPECT_EQ(chosen("bytes=5-99999999999999999999999"), "5+995");
}

TEST(ByteRange, NotThere) {
  EXPECT_EQ(chosen("bytes=1000-"), "416");
  EXPECT_EQ(chosen("bytes=99999999999999999999999-"), "416");
  EXPECT_EQ(chosen("bytes=-0"), "416");
  const ObjectFacts empty{0, kModified, "\"tag\""};
  EXPECT_TRUE(std::holds_alternative<Unsatisfiable>(choose_range({.range = "bytes=-1"}, empty)));
}

TEST(ByteRange, WhatIsNoRangeGetsTheWhole) {
  for (const auto* range :
       {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=1-2x", "bytes=0-1,5-6",
        "lines=1-2", "bytes=--5", "bytes= 1 - 2"}) {
    EXPECT_EQ(chosen(range), "whole") << range;
  }
}

TEST(ByteRange, IfRangeIsStrong) {
  EXPECT_EQ(chosen("bytes=0-0", "\"tag\""), "0+1");
  EXPECT_EQ(chosen("bytes=0-0", "\"other\""), "whole");
  EXPECT_EQ(chosen("bytes=0-0", "W/\"tag\""), "whole");
  EXPECT_EQ(chosen("bytes=0-0", "Sun, 06 Nov 1994 08:49:37 GMT"), "0+1");
  EXPECT_EQ(chosen("bytes=0-0", "Sun, 06 Nov 1994 08:49:38 GMT"), "whole");
}

TEST(NotModified, ByTag) {
  EXPECT_TRUE(is_not_modified({.if_none_match = "\"tag\""}, kObject));
  EXPECT_TRUE(is_not_modified({.if_none_match = "\"a\" , W/\"tag\""}, kObject));
  EXPECT_TRUE(is_not_modified({.if_none_match = "*"}, kObject));
  EXPECT_FALSE(is_not_modified({.if_none_match = "\"ta\""}, kObject));
}

TEST(NotModified, ByDateUnlessThereIsATag) {
  const std::string_view same = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_TRUE(is_not_modified({.if_modified_since = same}, kObject));
  EXPECT_FALSE(is_not_modified({.if_modified_since = "Sun, 06 Nov 1994 08:49:36 GMT"}, kObject));
  EXPECT_FALSE(is_not_modified({.if_none_match = "\"x\"", .if_modified_since = same}, kObject));
  EXPECT_FALSE(is_not_modified({.if_modified_since = "yesterday"}, kObject));
  EXPECT_FALSE(is_not_modified({}, kObject));
}

TEST(HttpDate, ThereAndBack) {
  EXPECT_EQ(format_http_date(kModified), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(*parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT")),
            "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(HttpDate, WhatIsNone) {
  for (const auto* text : {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Feb 2024 00:00:00 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 0x Nov 1994 08:49:37 GMT",
                           "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:-9:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace imgmill
