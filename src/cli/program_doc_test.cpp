#include "cli/program_doc.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/options.h"

namespace imgmill::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ProgramDocTest : public testing::Test {
 protected:
  ProgramDocTest() {
    CLI::App* verb = app_.add_subcommand("mill", "grind it");
    add_text(*verb, "CSV", text_, kFileType, "what to grind");
    add_text(*verb, "-o,--output", text_, kFolderType, "where to");
    add_choice(*verb, "--grain", text_, {"fine", "coarse"}, "how fine");
    add_text(*verb, "--quality", text_, "N|auto", "how well");
    add_text(*verb, "--url", text_, "URL", "where else");
    verb->add_flag("--loud", loud_, "say .so");
    add_text(*verb, "--listen", text_, "", "address")->default_str("here")->group("Settings");
    CLI::App* group = app_.add_subcommand("stones", "of the mill");
    group->add_subcommand("turn", "them")->add_flag("--fast", loud_, "in haste");
    group->add_subcommand("stop", "them");
  }

  std::string text_;
  bool loud_ = false;
  CLI::App app_{"grinds"};
};

TEST_F(ProgramDocTest, SaysWhatTheAppHas) {
  const ProgramDoc doc = describe_program(app_);
  ASSERT_EQ(doc.verbs.size(), 3U);
  EXPECT_EQ(doc.verbs[1].name, "stones turn");
  const VerbDoc& verb = doc.verbs[0];
  EXPECT_EQ(verb.name, "mill");
  ASSERT_EQ(verb.flags.size(), 8U);  // with --help
  EXPECT_TRUE(verb.flags[1].is_positional);
  EXPECT_THAT(verb.flags[2].names, ElementsAre("-o", "--output"));
  EXPECT_THAT(verb.flags[3].choices(), ElementsAre("fine", "coarse"));
  EXPECT_THAT(verb.flags[4].choices(), ElementsAre("auto"));
  EXPECT_FALSE(verb.flags[6].takes_value);
  EXPECT_TRUE(verb.flags[7].is_setting);
  EXPECT_EQ(verb.flags[7].fallback, "here");
}

TEST_F(ProgramDocTest, TheCompletionKnowsWhatEachFlagTakes) {
  const std::string script = bash_completion(describe_program(app_));
  EXPECT_THAT(script, HasSubstr("words=\"mill stones --help --version\""));
  EXPECT_THAT(script, HasSubstr("-o|--output) paths=-d ;;"));
  EXPECT_THAT(script, HasSubstr("--grain) words=\"fine coarse\" ;;"));
  EXPECT_THAT(script, HasSubstr("--url) return ;;"));
  EXPECT_THAT(script, Not(HasSubstr("--loud)")));
  EXPECT_THAT(script, HasSubstr("words=\"turn stop --help\""));
  EXPECT_THAT(script, HasSubstr("\"stones turn\")\n      flags=\"--help --fast\""));
}

TEST_F(ProgramDocTest, TheManPageListsEachFlagOnce) {
  const std::string page = man_page(describe_program(app_));
  EXPECT_THAT(page, HasSubstr(".SS imgmill mill [flags] CSV\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFOLDER\\fR\nwhere to\n"));
  EXPECT_THAT(page, HasSubstr("Settings: \\-\\-listen.\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-\\-listen\\fR\naddress (here)\n"));
}

}  // namespace
}  // namespace imgmill::cli
