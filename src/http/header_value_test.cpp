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

TEST(HeaderValue, CodingsThatAreAccepted) {
  for (const auto* field : {"gzip", "br, GZIP", "br;q=1.0 , gzip;q=0.5", "gzip; q=0.001"}) {
    EXPECT_TRUE(accepts_coding(field, "gzip")) << field;
  }
  for (const auto* field : {"", "br", "gzip;q=0", "gzip; Q=0.000, br", "xgzip", "*", ","}) {
    EXPECT_FALSE(accepts_coding(field, "gzip")) << field;
  }
}

}  // namespace
}  // namespace imgmill
