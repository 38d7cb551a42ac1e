#include "app/settings.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "app/setting_values.h"

namespace imgmill {
namespace {

using Apply = std::function<Result<void>(Settings&, std::string_view)>;

// Stores what parse(text) returns in a member.
template <class Member, class Parse>
Apply into(Member Settings::* member, Parse parse) {
  return [=](Settings& settings, std::string_view text) -> Result<void> {
    TRY(auto value, parse(text));
    settings.*member = static_cast<Member>(std::move(value));
    return {};
  };
}

// The same, but an empty text leaves the member as it is.
template <class Member, class Parse>
Apply unless_empty(Member Settings::* member, Parse parse) {
  return [apply = into(member, parse)](Settings& settings, std::string_view text) {
    return text.empty() ? Result<void>() : apply(settings, text);
  };
}

template <class Member>
Apply number(Member Settings::* member, std::uint64_t min, std::uint64_t max) {
  return into(member, [=](std::string_view text) { return parse_number(text, min, max); });
}

Apply bytes(std::uint64_t Settings::* member) { return into(member, parse_bytes); }

Apply list(std::vector<std::string> Settings::* member) {
  return into(member, [](std::string_view text) {
    return Result<std::vector<std::string>>(parse_list(text));
  });
}

Apply flag(bool Settings::* member) {
  return into(member, [](std::string_view text) -> Result<bool> {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is neither true nor false", text));
  });
}

// "sqlite:" or "file:" with an optional path behind it.
Apply local_path(std::filesystem::path Settings::* member, std::string_view scheme) {
  return into(member, [=](std::string_view text) -> Result<std::filesystem::path> {
    if (!text.starts_with(scheme)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}PATH is expected; this version knows nothing else", scheme));
    }
    return std::filesystem::path(text.substr(scheme.size()));
  });
}

Result<log::Format> parse_log_format(std::string_view text) {
  if (text == "text") return log::Format::kText;
  if (text == "json") return log::Format::kJson;
  return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is neither text nor json", text));
}

Result<log::Level> parse_log_level(std::string_view text) {
  if (text == "debug") return log::Level::kDebug;
  if (text == "info") return log::Level::kInfo;
  if (text == "warn") return log::Level::kWarn;
  if (text == "error") return log::Level::kError;
  return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is none of debug, info, warn, error", text));
}

Result<std::filesystem::path> parse_folder(std::string_view text) {
  if (text.empty()) return fail(ErrorCode::kInvalid, "a folder is expected");
  return std::filesystem::path(text);
}

// Whoever uses the file says what is wrong with it.
Result<std::filesystem::path> parse_path(std::string_view text) {
  return std::filesystem::path(text);
}

const std::vector<SettingRow>& table() {
  using S = Settings;
  static const std::vector<SettingRow> rows{
      {"listen", "127.0.0.1:5000", "address and port of the API", into(&S::listen, parse_listen)},
      {"base-url", "",
       "how clients reach this server; in output URLs and webhooks "
       "(default: http://localhost and the port listened on; https with --tls-cert)",
       unless_empty(&S::base_url, parse_base_url)},
      {"data-dir", "./imgmill-data", "folder of the database, the uploads and the pictures",
       into(&S::data_dir, parse_folder)},
      {"database-url", "sqlite:", "sqlite:PATH (default: imgmill.db in the data folder)",
       local_path(&S::database_file, "sqlite:")},
      {"storage-url", "file:", "file:PATH (default: objects in the data folder)",
       local_path(&S::storage_folder, "file:")},
      {"codecs", "0", "codec processes (default: the number of cores)",
       number(&S::codecs, 0, 1'024), SettingKind::kNumber},
      {"fetch-concurrency", "64", "downloads at once", number(&S::fetch_concurrency, 1, 4'096),
       SettingKind::kNumber},
      {"fetch-per-host", "16", "downloads at once from one host",
       number(&S::fetch_per_host, 1, 4'096), SettingKind::kNumber},
      {"fetch-timeout", "30", "seconds a download may take in all",
       number(&S::fetch_timeout, 1, 3'600), SettingKind::kNumber},
      {"allow-nets", "",
       "networks (CIDR, comma-separated) that may be reached although they are not public, such "
       "as 10.1.0.0/16",
       list(&S::allow_nets), SettingKind::kList},
      {"ca-file", "",
       "PEM file of certificate authorities to trust besides the system's, for origins and "
       "webhooks of your own network",
       into(&S::ca_file, parse_ca_file)},
      {"max-upload-bytes", "1GiB", "largest upload", bytes(&S::max_upload_bytes),
       SettingKind::kSize},
      {"max-source-bytes", "64MiB", "largest source image, in bytes", bytes(&S::max_source_bytes),
       SettingKind::kSize},
      {"max-source-pixels", "100000000", "largest source image, in pixels",
       number(&S::max_source_pixels, 1, 10'000'000'000), SettingKind::kNumber},
      {"webhook-secret", "",
       "key of the webhook signatures; several, comma-separated, newest first, "
       "while one is being replaced",
       into(&S::webhook_secrets, parse_secrets), SettingKind::kList, true},
      {"webhook-schedule", "5,300,1800,7200,18000,36000,36000",
       "pauses in seconds after each failed webhook attempt",
       into(&S::webhook_schedule, parse_schedule), SettingKind::kList},
      {"quality", "50", "1 to 100, or auto: quality when the upload names none",
       into(&S::quality, parse_quality), SettingKind::kQuality},
      {"rate-limit", "0",
       "requests a minute that a key may send, or an address without one (0: no limit)",
       number(&S::rate_limit, 0, 1'000'000), SettingKind::kNumber},
      {"retention", "0", "seconds after which a final request is deleted; 0: never",
       number(&S::retention, 0, 3'153'600'000), SettingKind::kNumber},
      {"log-format", "text", "text or json", into(&S::log_format, parse_log_format)},
      {"log-level", "info", "debug, info, warn or error", into(&S::log_level, parse_log_level)},
      {"metrics-listen", "",
       "address and port for /metrics alone (default: at the API's address, for clients of this "
       "machine only)",
       unless_empty(&S::metrics_listen, parse_listen)},
      {"tls-cert", "",
       "PEM file of the certificate to speak HTTPS with, and of those between it and its "
       "authority; read anew on SIGHUP",
       into(&S::tls_cert, parse_path)},
      {"tls-key", "", "PEM file of its private key", into(&S::tls_key, parse_path)},
      {"no-auth", "false",
       "go without access keys while there is none, also when listening beyond loopback",
       flag(&S::no_auth), SettingKind::kSwitch},
      {"insecure-codec-no-sandbox", "false",
       "run the picture decoders without their sandbox, where the system has none",
       flag(&S::insecure_codec_no_sandbox), SettingKind::kSwitch},
  };
  return rows;
}

const std::vector<SettingRow>& client_table() {
  using S = Settings;
  static const std::vector<SettingRow> rows{
      {"server", "http://localhost:5000", "the server to talk to", into(&S::server, parse_base_url)},
      {"api-key", "",
       "key of that server; no flag, which others could see in the list of processes",
       into(&S::api_key, parse_api_key), SettingKind::kText, true, false},
  };
  return rows;
}

constexpr std::string_view kVariablePrefix = "IMGMILL_";
constexpr std::string_view kFileSuffix = "_FILE";

const SettingRow* row_of_variable(std::string_view variable, bool from_file) {
  for (const auto* rows : {&table(), &client_table()}) {
    for (const SettingRow& row : *rows) {
      if (variable_of(row.key) == variable && (row.secret || !from_file)) return &row;
    }
  }
  return nullptr;
}

std::unexpected<Error> given_twice(std::string_view variable) {
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: the same secret is given with and without _FILE", variable));
}

Result<std::string> read_secret(const std::string& file, std::string_view variable) {
  std::error_code error;
  std::ifstream in;
  if (std::filesystem::is_regular_file(file, error)) in.open(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: the file cannot be read or is empty", variable));
  }
  return text;
}

Result<void> apply_first(const SettingRow& row, std::span<const SettingTexts> by_precedence,
                         Settings& settings) {
  std::string_view text = row.fallback;
  for (const SettingTexts& texts : by_precedence) {
    const auto found = texts.find(row.key);
    if (found == texts.end()) continue;
    text = found->second;
    break;
  }
  const auto applied = row.apply(settings, text);
  if (applied) return {};
  const std::string variable = variable_of(row.key);
  return fail(ErrorCode::kInvalid,
              row.has_flag ? fmt::format("--{} ({}): {}", row.key, variable, applied.error().text)
                           : fmt::format("{}: {}", variable, applied.error().text));
}

}  // namespace

std::span<const SettingRow> setting_table() { return table(); }

std::span<const SettingRow> client_setting_table() { return client_table(); }

const SettingRow* find_setting(std::string_view key) {
  std::string dashed(key);
  std::ranges::replace(dashed, '_', '-');
  const auto row = std::ranges::find(table(), std::string_view(dashed), &SettingRow::key);
  return row == table().end() ? nullptr : &*row;
}

std::string variable_of(std::string_view key) {
  std::string variable(kVariablePrefix);
  for (const char c : key) variable += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  return variable;
}

Result<SettingTexts> settings_from_environment(const char* const* environment) {
  SettingTexts texts;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const std::size_t equals = entry.find('=');
    if (!entry.starts_with(kVariablePrefix) || equals == entry.npos) continue;
    const std::string_view variable = entry.substr(0, equals);
    const std::string_view value = entry.substr(equals + 1);
    if (const SettingRow* row = row_of_variable(variable, false)) {
      if (!texts.emplace(row->key, value).second) return given_twice(variable);
      continue;
    }
    const bool from_file = variable.ends_with(kFileSuffix);
    const SettingRow* row =
        from_file ? row_of_variable(variable.substr(0, variable.size() - kFileSuffix.size()), true)
                  : nullptr;
    if (row == nullptr) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("{}: there is no such setting (imgmill serve --help lists them)", variable));
    }
    TRY(std::string secret, read_secret(std::string(value), variable));
    if (!texts.emplace(row->key, std::move(secret)).second) return given_twice(variable);
  }
  return texts;
}

Result<Settings> resolve_settings(std::span<const SettingTexts> by_precedence) {
  Settings settings;
  for (const SettingRow& row : table()) TRY_VOID(apply_first(row, by_precedence, settings));
  if (settings.tls_cert.empty() != settings.tls_key.empty()) {
    const bool no_key = settings.tls_key.empty();
    return fail(
        ErrorCode::kInvalid,
        fmt::format("--tls-{0} (IMGMILL_TLS_{1}): missing; it goes with --tls-{2}",
                    no_key ? "key" : "cert", no_key ? "KEY" : "CERT", no_key ? "cert" : "key"));
  }
  return settings;
}

Result<Settings> resolve_client_settings(std::span<const SettingTexts> by_precedence) {
  Settings settings;
  TRY_VOID(apply_first(*find_setting("ca-file"), by_precedence, settings));
  for (const SettingRow& row : client_table()) {
    TRY_VOID(apply_first(row, by_precedence, settings));
  }
  return settings;
}

}  // namespace imgmill
