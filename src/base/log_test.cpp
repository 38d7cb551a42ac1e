#include "base/log.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

class LogTest : public testing::Test {
 protected:
  void TearDown() override { log::init(log::Level::kInfo, log::Format::kText); }

  // What say() wrote, without the time that each line begins with.
  static std::string written(const std::function<void()>& say) {
    testing::internal::CaptureStderr();
    say();
    return testing::internal::GetCapturedStderr();
  }
  static std::string after_time(const std::string& line) {
    const std::size_t end = line.find("Z ");
    return end == line.npos ? line : line.substr(end + 2);
  }
};

TEST_F(LogTest, WritesAnEventAndItsFieldsOnOneLine) {
  const std::string line = written([] { log::info("batch sealed", {{"images", "24"}}); });
  EXPECT_EQ(after_time(line), "info  batch sealed images=24\n");
  EXPECT_EQ(line.find("Z "), std::string_view("2023-01-15T14:30:12.123456").size());
}

TEST_F(LogTest, QuotesWhatCouldBeTakenForAnotherFieldOrLine) {
  const std::string line = written([] {
    log::warn("fetched", {{"a", "x y"}, {"b", ""}, {"c", "p=q"}, {"d", "one\ntwo\r\"\\"}});
  });
  EXPECT_EQ(after_time(line),
            "warn  fetched a=\"x y\" b=\"\" c=\"p=q\" d=\"one\\u000atwo\\u000d\\\"\\\\\"\n");
}

TEST_F(LogTest, QuotesTerminalControls) {
  const std::string line = written([] { log::info("x", {{"url", "\x1b[31mred\x07 \x7f"}}); });
  EXPECT_EQ(line.find_first_of("\x1b\x07\x7f"), std::string::npos);
}

TEST_F(LogTest, QuotesTerminalControlsThatHaveNoBlankBesideThem) {
  const std::string line = written([] { log::info("x", {{"url", "a\x1b[31m\xc2\x9b"}}); });
  EXPECT_EQ(after_time(line), "info  x url=\"a\\u001b[31m\\u009b\"\n");
}

TEST_F(LogTest, KeepsUtf8AndReplacesWhatIsNone) {
  const std::string line = written(
      [] { log::info("x", {{"a", "\xc3\xa4\xf0\x9f\x98\x80"}, {"b", "\xff\xed\xa0\x80"}}); });
  EXPECT_EQ(after_time(line),
            "info  x a=\"\xc3\xa4\xf0\x9f\x98\x80\" "
            "b=\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"\n");
}

TEST_F(LogTest, WritesJson) {
  log::init(log::Level::kInfo, log::Format::kJson);
  const std::string line =
      written([] { log::error("no \"go\"", {{"why", "one\ntwo\x1b"}, {"n", "7"}}); });
  const std::size_t rest = line.find(R"("level")");
  ASSERT_NE(rest, std::string::npos);
  EXPECT_TRUE(line.starts_with(R"({"time":"20)"));
  EXPECT_EQ(line.substr(rest), R"("level":"error","event":"no \"go\"",)"
                               R"("why":"one\u000atwo\u001b","n":"7"})"
                               "\n");
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
  EXPECT_EQ(written([] { log::debug("small"); }), "");
  log::init(log::Level::kDebug, log::Format::kText);
  EXPECT_EQ(after_time(written([] { log::debug("small"); })), "debug small\n");
  log::init(log::Level::kError, log::Format::kText);
  EXPECT_EQ(written([] { log::warn("middling"); }), "");
}

}  // namespace
}  // namespace imgmill
