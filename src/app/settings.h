// Every setting, once: key, variable, default and doc stand in one table (settings.cpp), from which
// flags, environment, imgmill.toml, --help and docs/settings.md are made. Precedence: flag,
// environment, file, default. A wrong or unknown setting is one line that names it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "model/recipe.h"

namespace imgmill {

struct ListenAddress {
  std::string host = "127.0.0.1";  // an IP address, without brackets
  std::uint16_t port = 5000;

  [[nodiscard]] bool is_loopback() const;
};

struct Settings {
  ListenAddress listen;
  std::optional<ListenAddress> metrics_listen;  // nullopt: with the API, for this machine alone
  std::filesystem::path tls_cert;               // with tls_key, or both empty: plain HTTP
  std::filesystem::path tls_key;
  std::string base_url;  // empty: http(s)://localhost:{the port listened on}
  std::filesystem::path data_dir;
  std::filesystem::path database_file;   // empty: in the data folder
  std::filesystem::path storage_folder;  // empty: in the data folder
  int codecs = 0;                        // 0: the number of cores
  int fetch_concurrency = 0;
  int fetch_per_host = 0;
  std::chrono::seconds fetch_timeout{0};
  std::vector<std::string> allow_nets;
  std::filesystem::path ca_file;  // empty: the system's authorities alone
  std::uint64_t max_upload_bytes = 0;
  std::uint64_t max_source_bytes = 0;
  std::uint64_t max_source_pixels = 0;
  std::vector<std::string> webhook_secrets;
  std::vector<std::chrono::seconds> webhook_schedule;
  std::uint32_t rate_limit = 0;       // 0: none
  int quality = kQualityDefault;      // or kQualityAuto
  std::chrono::seconds retention{0};  // of final requests; 0: for ever
  log::Format log_format = log::Format::kText;
  log::Level log_level = log::Level::kInfo;
  bool no_auth = false;
  bool insecure_codec_no_sandbox = false;
  // Of the commands that talk to a server.
  std::string server;
  std::string api_key;
};

// What imgmill.toml may say: kText a string, kNumber an integer, kSize either, kQuality an integer
// or "auto", kSwitch a boolean, kList an array, or a string or integer that stands for one.
enum class SettingKind { kText, kNumber, kSize, kQuality, kList, kSwitch };

struct SettingRow {
  std::string_view key;  // the flag without its dashes, and the name in imgmill.toml
  std::string_view fallback;
  std::string_view doc;
  std::function<Result<void>(Settings&, std::string_view)> apply;
  SettingKind kind = SettingKind::kText;
  bool secret = false;  // may come from a file: its variable with _FILE behind it
  bool has_flag = true;
};

[[nodiscard]] std::span<const SettingRow> setting_table();
// Of the commands that talk to a server; imgmill.toml has none of them. They take ca-file too.
[[nodiscard]] std::span<const SettingRow> client_setting_table();
// By its key, with dashes or underlines; nullptr when there is none.
[[nodiscard]] const SettingRow* find_setting(std::string_view key);
// "IMGMILL_FETCH_PER_HOST" of "fetch-per-host".
[[nodiscard]] std::string variable_of(std::string_view key);

// What stood where: key → text as given. Unknown keys and variables were refused before.
using SettingTexts = std::map<std::string, std::string, std::less<>>;

// The IMGMILL_… variables of this process. kInvalid for one that no setting has.
[[nodiscard]] Result<SettingTexts> settings_from_environment(const char* const* environment);
// imgmill.toml. kInvalid names file, line and key, and shows no value of a secret; kNotFound when
// the file cannot be read. Every value has been tried: what is wrong in the file is its fault.
[[nodiscard]] Result<SettingTexts> settings_from_file(const std::filesystem::path& file);

// First text wins. kInvalid: "--quality: …".
[[nodiscard]] Result<Settings> resolve_settings(std::span<const SettingTexts> by_precedence);
// The same for client_setting_table() and ca-file; the other settings stay empty.
[[nodiscard]] Result<Settings> resolve_client_settings(std::span<const SettingTexts> by_precedence);

}  // namespace imgmill
