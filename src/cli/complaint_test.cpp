#include "cli/complaint.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill::cli {
namespace {

using testing::HasSubstr;

// A program with a verb that wants an option, and one with verbs of its own.
std::string complaint_about(std::vector<std::string> words) {
  CLI::App app("about");
  app.require_subcommand(1);
  CLI::App* run = app.add_subcommand("run");
  run->add_option("CSV")->required();
  run->add_option("-o,--output")->required();
  run->add_option("--quality");
  CLI::App* keys = app.add_subcommand("keys")->require_subcommand(1);
  keys->add_subcommand("list")->add_flag("--json");
  std::ranges::reverse(words);
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return complaint(app, error);
  }
  return "nothing";
}

TEST(Complaint, AFlagThatIsNoneComesBeforeWhatIsMissing) {
  EXPECT_EQ(complaint_about({"run", "--bogus"}), "\"--bogus\" is no option of run");
  EXPECT_EQ(complaint_about({"--bogus"}), "\"--bogus\" is no option of imgmill");
  EXPECT_EQ(complaint_about({"keys", "list", "--name=x"}), "\"--name\" is no option of keys list");
}

TEST(Complaint, ATypingErrorIsNamedWithWhatMayBeMeant) {
  EXPECT_EQ(complaint_about({"run", "a.csv", "-o", "out", "--qualty", "5"}),
            "\"--qualty\" is no option of run: is --quality meant?");
}

TEST(Complaint, ACommandThatIsNone) {
  EXPECT_EQ(complaint_about({"fly"}), "\"fly\" is no command");
  EXPECT_EQ(complaint_about({"keys", "fly"}), "\"fly\" is no command of keys");
  EXPECT_EQ(complaint_about({"keys", "fly", "--json"}), "\"fly\" is no command of keys");
}

TEST(Complaint, OtherwiseItIsWhatIsMissing) {
  EXPECT_THAT(complaint_about({"run", "a.csv"}), HasSubstr("--output"));
  EXPECT_THAT(complaint_about({"keys"}), HasSubstr("subcommand"));
  EXPECT_EQ(complaint_about({"keys", "list"}), "nothing");
}

}  // namespace
}  // namespace imgmill::cli
