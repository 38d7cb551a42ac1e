#include "cli/setting_flags.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/say.h"

namespace imgmill::cli {
namespace {

constexpr const char* kDefaultFile = "imgmill.toml";
constexpr const char* kGroup = "Settings";

// Of the settings that name files, folders or one of a few words.
const char* type_of(std::string_view key) {
  if (key == "ca-file") return kFileType;
  if (key == "data-dir") return kFolderType;
  if (key == "log-format") return "text|json";
  if (key == "log-level") return "debug|info|warn|error";
  return "";
}

}  // namespace

void add_setting(CLI::App& verb, const SettingRow& row, SettingTexts& given) {
  const std::string flag = fmt::format("--{}", row.key);
  const std::string key(row.key);
  CLI::Option* option = nullptr;
  if (row.kind == SettingKind::kSwitch) {
    option = verb.add_flag_function(
        flag, [&given, key](std::int64_t) { given[key] = "true"; }, std::string(row.doc));
  } else {
    option = verb.add_option_function<std::string>(
        flag, [&given, key](const std::string& text) { given[key] = text; }, std::string(row.doc));
    option->default_str(std::string(row.fallback))->type_name(type_of(row.key));
  }
  option->group(kGroup);
}

SettingFlags::SettingFlags(CLI::App& verb, std::span<const std::string_view> without) {
  for (const SettingRow& row : setting_table()) {
    if (std::ranges::find(without, row.key) == without.end()) add_setting(verb, row, given_);
  }
  add_config(verb);
}

SettingFlags::SettingFlags(CLI::App& verb, Only only) {
  for (const std::string_view key : only.keys) add_setting(verb, *find_setting(key), given_);
  add_config(verb);
}

void SettingFlags::add_config(CLI::App& verb) {
  add_text(verb, "--config", file_, kFileType,
           "file of settings (default: imgmill.toml, when there is one)")
      ->group(kGroup);
}

Result<Settings> SettingFlags::resolve(SettingTexts verb_defaults) const {
  TRY(SettingTexts environment, settings_from_environment(environ));
  SettingTexts file;
  if (!file_.empty() || std::filesystem::exists(kDefaultFile)) {
    TRY(file, settings_from_file(file_.empty() ? kDefaultFile : file_));
  }
  const std::array<SettingTexts, 4> by_precedence{given_, std::move(environment), std::move(file),
                                                  std::move(verb_defaults)};
  return resolve_settings(by_precedence);
}

int SettingFlags::resolved(SettingTexts verb_defaults,
                           const std::function<int(const Settings&)>& action) const {
  const auto settings = resolve(std::move(verb_defaults));
  if (settings) return action(*settings);
  say(settings.error().text);
  return kUsage;
}

}  // namespace imgmill::cli
