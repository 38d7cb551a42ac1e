#include <array>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/settings.h"

namespace imgmill {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SettingsFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  [[nodiscard]] Result<SettingTexts> read(std::string_view text) {
    std::ofstream(path_, std::ios::trunc | std::ios::binary) << text;
    return settings_from_file(path_);
  }
  // The one line that stops the start.
  [[nodiscard]] std::string fault_of(std::string_view text) {
    const auto texts = read(text);
    if (texts) return "taken";
    EXPECT_THAT(texts.error().text, AllOf(HasSubstr(path_.string()), Not(HasSubstr("\n"))));
    return texts.error().text;
  }

  const std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / "settings_file_test.toml";
};

TEST_F(SettingsFile, IsTomlWithDashesOrUnderlines) {
  const auto texts = read(
      "# all of it\n"
      "quality = 40  # less\n"
      "fetch_per_host = 3\r\n"
      "allow-nets = [\"10.0.0.0/8\",\n  '::1/128',\n]\n"
      "webhook-schedule = [5, 300]\n"
      "webhook-secret = \"one#1,two \\\"2\\\"\"\n"
      "max-source-bytes = \"64MiB\"\n"
      "max-upload-bytes = 1_000\n"
      "no-auth = true\n");
  ASSERT_TRUE(texts) << texts.error().text;
  const Settings settings = *resolve_settings(std::array{*texts});
  EXPECT_EQ(settings.quality, 40);
  EXPECT_EQ(settings.fetch_per_host, 3);
  EXPECT_THAT(settings.allow_nets, ElementsAre("10.0.0.0/8", "::1/128"));
  EXPECT_EQ(settings.webhook_schedule.size(), 2U);
  EXPECT_THAT(settings.webhook_secrets, ElementsAre("one#1", "two \"2\""));
  EXPECT_EQ(settings.max_source_bytes, 64ULL << 20);
  EXPECT_EQ(settings.max_upload_bytes, 1'000ULL);
  EXPECT_TRUE(settings.no_auth);
}

TEST_F(SettingsFile, AListMayBeOneText) {
  EXPECT_THAT(*read("allow-nets = \"10.0.0.0/8, ::1\""),
              ElementsAre(testing::Pair("allow-nets", "10.0.0.0/8, ::1")));
  EXPECT_THAT(*read("webhook-schedule = 5"), ElementsAre(testing::Pair("webhook-schedule", "5")));
  EXPECT_THAT(*read("allow-nets = []"), ElementsAre(testing::Pair("allow-nets", "")));
}

TEST_F(SettingsFile, WhatIsNoTomlIsNamedByItsLineAndSetting) {
  for (const std::string_view text :
       {"codecs = 1\nlog-level = \"info", "codecs = 1\nlog-level = \"info\nquality = 1\n",
        "codecs = 1\nlog-level = info\n", "codecs = 1\nlog-level = 'info' 'x'\n",
        "codecs = 1\nlog-level =\n", "codecs = 1\nlog-level = [\"a\", \"b\"\n",
        "log-level = \"info\"\nlog-level = \"warn\"\n"}) {
    EXPECT_THAT(fault_of(text), AllOf(HasSubstr("log-level"), HasSubstr("not TOML"))) << text;
  }
  EXPECT_THAT(fault_of("codecs = 1\nquality 4\n"), HasSubstr("line 2"));
  EXPECT_THAT(fault_of("data-dir = \"\xFF\"\n"), HasSubstr("data-dir: this is not TOML"));
}

TEST_F(SettingsFile, ASettingTwiceInTwoSpellingsIsRefused) {
  EXPECT_THAT(fault_of("fetch-per-host = 1\nfetch_per_host = 2\n"), HasSubstr("given twice"));
}

TEST_F(SettingsFile, AnUnknownKeyIsNamed) {
  for (const std::string_view text :
       {"\nqualtiy = 40\n", "\nqualtiy.x = 40\n", "\n[qualtiy]\nx = 1\n", "\nqualtiy = \"\"\n"}) {
    EXPECT_THAT(fault_of(text), HasSubstr("line 2: qualtiy: there is no such setting")) << text;
  }
}

TEST_F(SettingsFile, AKeyWithALineBreakIsOneLineStill) {
  EXPECT_THAT(fault_of("\"a\\nb\" = 1"), HasSubstr("a?b: there is no such setting"));
}

TEST_F(SettingsFile, EveryTypeIsChecked) {
  for (const std::string_view text : {"quality = \"40\"",
                                      "quality = 40.0",
                                      "quality = true",
                                      "quality = [40]",
                                      "quality = {}",
                                      "quality = 1979-05-27",
                                      "log-level = 3",
                                      "log-level = [\"info\"]",
                                      "log-level = true",
                                      "no-auth = 1",
                                      "no-auth = \"true\"",
                                      "max-source-bytes = 1.5",
                                      "max-source-bytes = [1]",
                                      "allow-nets = true",
                                      "allow-nets = [[\"::1\"]]",
                                      "allow-nets = [1.5]",
                                      "allow-nets = [\"\"]",
                                      "allow-nets = [\"::1,::2\"]",
                                      "allow-nets = {}",
                                      "[quality]"}) {
    const std::string key(text.substr(0, text.find_first_of(" ]")));
    EXPECT_THAT(fault_of(text), HasSubstr("line 1: " + key.substr(key.find_first_not_of('['))))
        << text;
  }
}

TEST_F(SettingsFile, QualityIsANumberOrTheWordAuto) {
  EXPECT_EQ(fault_of("quality = \"auto\""), "taken");
  EXPECT_THAT(fault_of("quality = \"best\""), HasSubstr("or \"auto\""));
}

TEST_F(SettingsFile, AWrongValueIsTheFilesFault) {
  EXPECT_THAT(fault_of("\n\nquality = 0\n"),
              HasSubstr("line 3: quality: \"0\" is not a whole number from 1 to 100"));
}

TEST_F(SettingsFile, ASecretIsNeverShown) {
  for (const std::string_view text :
       {"webhook-secret = topsecret", "webhook-secret = \"topsecret",
        "webhook-secret = topsecret\"", "webhook-secret = [\"topsecret\" \"x\"]",
        "webhook-secret = \"whsec_topsecret\"", "webhook-secret = { a = \"topsecret\" }",
        "webhook-secret = [\"topsecret,x\"]", "webhook-secret = 'a'\nwebhook_secret = 'topsecret'",
        "webhook-secret = \"\\topsecret\\q\"", "webhook-secret = [{ topsecret = 1 }]",
        "topsecret\nwebhook-secret = 'a'", "webhook-secret = 'a'\ntopsecret"}) {
    EXPECT_THAT(fault_of(text), AllOf(Not(HasSubstr("topsecret")), Not("taken"))) << text;
  }
}

TEST_F(SettingsFile, WhatIsNoFileIsSaid) {
  EXPECT_EQ(settings_from_file("/nonexistent").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(settings_from_file("/tmp").error().text, HasSubstr("/tmp: "));
}

}  // namespace
}  // namespace imgmill
