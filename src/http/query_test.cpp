#include "http/query.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

std::string value(std::string_view query, std::string_view name = "x") {
  const auto found = query_value(query, name);
  if (!found) return "400 " + found.error().detail;
  return found->value_or("none");
}

std::string number(std::string_view query) {
  const auto found = query_number(query, "limit", 1, 500);
  if (!found) return "400 " + found.error().detail;
  return *found ? std::to_string(**found) : "none";
}

TEST(Query, ValuesAreFoundAndDecoded) {
  EXPECT_EQ(value("x=1"), "1");
  EXPECT_EQ(value("a=b&x=1+2%2B%26&y"), "1 2+&");
  EXPECT_EQ(value("%78=1"), "1");
  EXPECT_EQ(value("x=a=b"), "a=b");
}

TEST(Query, WhatIsNotGivenOrEmpty) {
  for (const auto* query : {"", "y=1", "x", "x=", "xx=1", "&&", "X=1", "x=&y=2"}) {
    EXPECT_EQ(value(query), "none") << query;
  }
}

TEST(Query, WhatIsBrokenIsNamed) {
  EXPECT_EQ(value("x=1&x=1"), "400 x: it is given twice");
  EXPECT_EQ(value("x=%4"), "400 x: a % stands before two hex digits");
  EXPECT_EQ(value("x=%zz"), "400 x: a % stands before two hex digits");
  EXPECT_EQ(value("y=%4&x=1"), "1");
}

TEST(Query, NumbersInTheirRange) {
  EXPECT_EQ(number("limit=1"), "1");
  EXPECT_EQ(number("limit=500"), "500");
  EXPECT_EQ(number("limit=%35"), "5");
  EXPECT_EQ(number("limit="), "none");
  for (const auto* query : {"limit=0", "limit=501", "limit=-1", "limit=+1", "limit=1e2", "limit=x",
                            "limit=1.0", "limit=99999999999999999999", "limit=5%00"}) {
    EXPECT_EQ(number(query), "400 limit: a whole number from 1 to 500 is wanted") << query;
  }
}

}  // namespace
}  // namespace imgmill
