// The settings of app/settings as flags of a verb, and what they come to with the environment and
// imgmill.toml.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/error.h"

namespace CLI {
class App;
}

namespace imgmill::cli {

// Lives as long as the verb whose flags fill it.
class SettingFlags {
 public:
  // Adds a flag for each setting, but for those in `without`.
  explicit SettingFlags(CLI::App& verb, std::span<const std::string_view> without = {});
  // Adds one for each of these alone.
  struct Only {
    std::span<const std::string_view> keys;
  };
  SettingFlags(CLI::App& verb, Only only);
  SettingFlags(const SettingFlags&) = delete;
  SettingFlags& operator=(const SettingFlags&) = delete;

  // Flag, environment, file, then the verb's own defaults.
  [[nodiscard]] Result<Settings> resolve(SettingTexts verb_defaults) const;
  // The same, and then `action`; kUsage with one line when a setting is wrong.
  [[nodiscard]] int resolved(SettingTexts verb_defaults,
                             const std::function<int(const Settings&)>& action) const;

 private:
  void add_config(CLI::App& verb);

  SettingTexts given_;
  std::string file_;
};

// A flag for one setting, whose text is put into `given`.
void add_setting(CLI::App& verb, const SettingRow& row, SettingTexts& given);

}  // namespace imgmill::cli
