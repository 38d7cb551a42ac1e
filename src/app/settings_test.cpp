#include "app/settings.h"

#include <array>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/setting_values.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Result<Settings> resolved(SettingTexts flags, SettingTexts environment = {},
                          SettingTexts file = {}) {
  const std::array<SettingTexts, 3> all{std::move(flags), std::move(environment), std::move(file)};
  return resolve_settings(all);
}

Result<SettingTexts> from_environment(std::vector<const char*> entries) {
  entries.push_back(nullptr);
  return settings_from_environment(entries.data());
}

std::filesystem::path file_with(std::string_view text) {
  const auto path = std::filesystem::path(testing::TempDir()) / "settings_test.txt";
  std::ofstream(path, std::ios::trunc) << text;
  return path;
}

TEST(Settings, DefaultsAreTheContracts) {
  const Settings settings = *resolved({});
  EXPECT_EQ(settings.listen.host, "127.0.0.1");
  EXPECT_EQ(settings.listen.port, 5000);
  EXPECT_EQ(settings.data_dir, "./imgmill-data");
  EXPECT_EQ(settings.fetch_concurrency, 64);
  EXPECT_EQ(settings.fetch_per_host, 16);
  EXPECT_EQ(settings.fetch_timeout, 30s);
  EXPECT_TRUE(settings.allow_nets.empty());
  EXPECT_EQ(settings.max_upload_bytes, 1ULL << 30);
  EXPECT_EQ(settings.max_source_bytes, 64ULL << 20);
  EXPECT_EQ(settings.max_source_pixels, 100'000'000ULL);
  EXPECT_EQ(settings.quality, 50);
  EXPECT_THAT(settings.webhook_schedule,
              ElementsAre(5s, 300s, 1800s, 7200s, 18000s, 36000s, 36000s));
  EXPECT_TRUE(settings.webhook_secrets.empty());
  EXPECT_EQ(settings.rate_limit, 0U);
}

TEST(Settings, FlagBeforeEnvironmentBeforeFile) {
  EXPECT_EQ(resolved({{"quality", "10"}}, {{"quality", "20"}}, {{"quality", "30"}})->quality, 10);
  EXPECT_EQ(resolved({}, {{"quality", "20"}}, {{"quality", "30"}})->quality, 20);
  EXPECT_EQ(resolved({}, {}, {{"quality", "30"}})->quality, 30);
}

TEST(Settings, QualityMayBeChosenForEachPicture) {
  EXPECT_EQ(resolved({{"quality", "auto"}})->quality, kQualityAuto);
  EXPECT_FALSE(resolved({{"quality", "automatic"}}));
}

TEST(Settings, AWrongValueNamesItsSetting) {
  for (const auto& [key, value] : SettingTexts{{"quality", "0"},
                                               {"listen", "5000"},
                                               {"fetch-timeout", "-1"},
                                               {"log-level", "loud"},
                                               {"base-url", "ftp://x"},
                                               {"base-url", "https://user:pass@x"},
                                               {"database-url", "mysql://x"},
                                               {"max-source-bytes", "64 apples"},
                                               {"webhook-schedule", "5,,5"}}) {
    const auto settings = resolved({{key, value}});
    ASSERT_FALSE(settings) << key;
    EXPECT_THAT(settings.error().text, HasSubstr("--" + key));
    EXPECT_THAT(settings.error().text, HasSubstr(variable_of(key)));
  }
}

TEST(Settings, AListHasNoEmptyEntry) {
  EXPECT_THAT(*parse_list(" a ,b"), ElementsAre("a", "b"));
  EXPECT_TRUE(parse_list(" ")->empty());
  for (const char* list : {",", "a,", ",a", "a, ,b"}) EXPECT_FALSE(parse_list(list)) << list;
}

TEST(Settings, AnUnknownVariableStopsTheStart) {
  const auto texts = from_environment({"PATH=/bin", "IMGMILL_QUALTIY=40"});
  ASSERT_FALSE(texts);
  EXPECT_THAT(texts.error().text, HasSubstr("IMGMILL_QUALTIY"));
}

TEST(Settings, VariablesAreRead) {
  const auto texts = from_environment({"IMGMILL_QUALITY=40", "HOME=/", "IMGMILL_FETCH_PER_HOST=2"});
  ASSERT_TRUE(texts);
  EXPECT_THAT(*texts,
              ElementsAre(testing::Pair("fetch-per-host", "2"), testing::Pair("quality", "40")));
}

TEST(Settings, ASecretMayComeFromAFile) {
  const std::string entry = "IMGMILL_WEBHOOK_SECRET_FILE=" + file_with("first,second\n").string();
  const auto texts = from_environment({entry.c_str()});
  ASSERT_TRUE(texts) << texts.error().text;
  EXPECT_THAT(resolved({}, *texts)->webhook_secrets, ElementsAre("first", "second"));
  EXPECT_FALSE(from_environment({"IMGMILL_WEBHOOK_SECRET_FILE=/nonexistent"}));
  EXPECT_FALSE(from_environment({"IMGMILL_WEBHOOK_SECRET=x", entry.c_str()}));
  EXPECT_FALSE(from_environment({entry.c_str(), "IMGMILL_WEBHOOK_SECRET=x"}));
  EXPECT_FALSE(from_environment({"IMGMILL_WEBHOOK_SECRET_FILE=/tmp"}));
  EXPECT_FALSE(from_environment({"IMGMILL_QUALITY_FILE=/etc/hostname"}));
}

TEST(SettingValues, ASecretThatSignsNothingIsRefusedWithoutShowingIt) {
  EXPECT_TRUE(parse_secrets("")->empty());
  EXPECT_EQ(parse_secrets("whsec_c2VjcmV0,plain")->size(), 2U);
  for (const char* text : {",", "whsec_", "whsec_!!!notb64", "\"topsecret"}) {
    const auto secrets = parse_secrets(text);
    ASSERT_FALSE(secrets) << text;
    EXPECT_EQ(secrets.error().text.find("notb64"), std::string::npos);
    EXPECT_EQ(secrets.error().text.find("topsecret"), std::string::npos);
  }
}

TEST(SettingValues, ListenTakesBothFamilies) {
  EXPECT_EQ(parse_listen("[::1]:80")->host, "::1");
  EXPECT_TRUE(parse_listen("[::1]:80")->is_loopback());
  EXPECT_TRUE(parse_listen("localhost:80")->is_loopback());
  EXPECT_FALSE(parse_listen(":80")->is_loopback());
  EXPECT_FALSE(parse_listen("127.0.0.1:65536"));
  EXPECT_FALSE(parse_listen("127.0.0.1:0"));
  EXPECT_FALSE(parse_listen("example.com:80"));
}

TEST(SettingValues, ACaFileMustHoldCertificates) {
  EXPECT_EQ(*parse_ca_file(""), "");
  for (const std::string& file : {std::string("/nonexistent"), std::string("/tmp"),
                                  file_with("not PEM").string(), file_with("").string()}) {
    EXPECT_FALSE(parse_ca_file(file)) << file;
  }
  const auto settings = resolved({{"ca-file", "/nonexistent"}});
  EXPECT_THAT(settings.error().text, HasSubstr("--ca-file (IMGMILL_CA_FILE): \"/nonexistent\""));
}

TEST(SettingValues, BytesTakeUnits) {
  EXPECT_EQ(*parse_bytes("64MiB"), 64ULL << 20);
  EXPECT_EQ(*parse_bytes("1000"), 1000ULL);
  EXPECT_FALSE(parse_bytes("0"));
  EXPECT_FALSE(parse_bytes("99999999999GiB"));
}

Result<Settings> client_of(SettingTexts flags, SettingTexts environment = {}) {
  const std::array<SettingTexts, 2> all{std::move(flags), std::move(environment)};
  return resolve_client_settings(all);
}

TEST(ClientSettings, TheServerIsHereUnlessNamed) {
  EXPECT_EQ(client_of({})->server, "http://localhost:5000");
  const auto environment = from_environment({"IMGMILL_SERVER=https://mill.example/"});
  ASSERT_TRUE(environment);
  EXPECT_EQ(client_of({}, *environment)->server, "https://mill.example");
  EXPECT_EQ(client_of({{"server", "http://other"}}, *environment)->server, "http://other");
  for (const char* wrong : {"mill.example", "http://user:pass@mill.example", ""}) {
    EXPECT_THAT(client_of({{"server", wrong}}).error().text, HasSubstr("--server")) << wrong;
  }
}

TEST(ClientSettings, TheKeyComesFromTheEnvironmentOrAFile) {
  EXPECT_EQ(client_of({}, *from_environment({"IMGMILL_API_KEY=imk_1"}))->api_key, "imk_1");
  const std::string file = "IMGMILL_API_KEY_FILE=" + file_with("imk_2\n").string();
  EXPECT_EQ(client_of({}, *from_environment({file.c_str()}))->api_key, "imk_2");
  EXPECT_FALSE(from_environment({"IMGMILL_API_KEY=imk_1", file.c_str()}));
  EXPECT_FALSE(from_environment({"IMGMILL_SERVER_FILE=x"}));
}

TEST(ClientSettings, ABrokenKeyIsNotShown) {
  const auto settings = client_of({}, {{"api-key", "imk_1\r\nX: y"}});
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().text, HasSubstr("IMGMILL_API_KEY"));
  EXPECT_THAT(settings.error().text, testing::Not(HasSubstr("imk_1")));
}

TEST(ClientSettings, AServersSettingsDoNotDisturbThem) {
  EXPECT_TRUE(resolved({}, *from_environment({"IMGMILL_SERVER=http://a", "IMGMILL_API_KEY=b"})));
  EXPECT_EQ(find_setting("server"), nullptr);  // no line of imgmill.toml
}

}  // namespace
}  // namespace imgmill
