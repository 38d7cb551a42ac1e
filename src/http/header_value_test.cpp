#include "http/header_value.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(HeaderValue, MainValue) {
  EXPECT_EQ(main_value(" text/csv ; charset=utf-8"), "text/csv");
  EXPECT_EQ(main_value(""), "");
}

TEST(HeaderValue, Parameters) {
  const std::string_view field =
      R"(form-data; name="a;\"b\\"; flag; FileName=c.csv ; last="C:\x\y")";
  EXPECT_EQ(parameter(field, "name"), R"(a;"b\)");
  EXPECT_EQ(parameter(field, "filename"), "c.csv");
  EXPECT_EQ(parameter(field, "last"), R"(C:\x\y)");
  EXPECT_EQ(parameter(field, "flag"), std::nullopt);
  EXPECT_EQ(parameter(field, "b"), std::nullopt);
}

TEST(HeaderValue, AnUnclosedQuoteIsNoValue) {
  EXPECT_EQ(parameter("form-data; name=\"a", "name"), std::nullopt);
  EXPECT_EQ(parameter("form-data; name=", "name"), "");
}

}  // namespace
}  // namespace imgmill
