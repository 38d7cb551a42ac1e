// The database is opened beside a running server: SQLite lets two programs in, and the server looks
// each key up anew, so what is done here counts at once.
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "app/data_folder.h"
#include "base/log.h"
#include "cli/say.h"
#include "cli/setting_flags.h"
#include "cli/verbs.h"
#include "db/sqlite/sqlite_db.h"
#include "model/api_key.h"

namespace imgmill::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

Result<std::unique_ptr<SqliteDb>> open_database(const Settings& settings, const Clock& clock) {
  return SqliteDb::open({.file = database_of(settings), .readers = 1}, clock);
}

Result<std::unique_ptr<SqliteDb>> open_existing(const Settings& settings, const Clock& clock) {
  const fs::path file = database_of(settings);
  std::error_code error;
  if (fs::exists(file, error)) return open_database(settings, clock);
  return fail(ErrorCode::kNotFound,
              fmt::format("there is no database {}: name the server's folder with --data-dir",
                          file.string()));
}

// A key may be made before the server has ever run. Where no folder can be made the database says
// so.
Result<std::unique_ptr<SqliteDb>> open_or_make(const Settings& settings, const Clock& clock) {
  static_cast<void>(DataFolder::make(database_of(settings).parent_path()));
  return open_database(settings, clock);
}

std::string time_text(std::optional<Time> time) {
  return time ? format_time(*time).substr(0, 16) : "-";
}

json::value time_json(std::optional<Time> time) {
  return time ? json::value(format_time(*time)) : json::value(nullptr);
}

json::object json_of(const ApiKey& key) {
  return {{"name", key.name},
          {"id", key.id},
          {"requests", key.requests},
          {"created_at", format_time(key.created_at)},
          {"last_used_at", time_json(key.used_at)},
          {"revoked_at", time_json(key.revoked_at)}};
}

std::string table_of(const std::vector<ApiKey>& keys) {
  std::size_t width = 4;
  for (const ApiKey& key : keys) width = std::max(width, key.name.size());
  std::string text = fmt::format("{:<{}}  {:<8}  {:<16}  {:<16}  {:>8}  {}\n", "NAME", width, "ID",
                                 "CREATED (UTC)", "LAST USED", "REQUESTS", "REVOKED");
  for (const ApiKey& key : keys) {
    text += fmt::format("{:<{}}  {:<8}  {:<16}  {:<16}  {:>8}  {}\n", key.name, width, key.id,
                        time_text(key.created_at), time_text(key.used_at), key.requests,
                        time_text(key.revoked_at));
  }
  return text;
}

struct MadeKey {
  std::string key = new_api_key();
  std::string digest = key_digest(key);
  std::string id = key_id(digest);
};

bool has_valid(const std::vector<ApiKey>& keys, const std::string& name) {
  return std::ranges::any_of(
      keys, [&](const ApiKey& key) { return key.name == name && !key.revoked_at; });
}

Result<ApiKey> valid_key(const std::vector<ApiKey>& keys, const std::string& name_or_id) {
  const ApiKey* revoked = nullptr;
  for (const ApiKey& key : keys) {
    if (key.name != name_or_id && key.id != name_or_id) continue;
    if (!key.revoked_at) return key;
    revoked = &key;
  }
  if (revoked == nullptr) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no key \"{}\" (imgmill keys list shows them)", name_or_id));
  }
  return fail(ErrorCode::kConflict, fmt::format("the key \"{}\" was revoked at {}", name_or_id,
                                                time_text(revoked->revoked_at)));
}

struct Revoked {
  ApiKey key;
  bool was_last = false;
};

Result<Revoked> revoke(const Settings& settings, const std::string& name_or_id,
                       const Clock& clock) {
  TRY(const std::unique_ptr<SqliteDb> db, open_existing(settings, clock));
  TRY(const std::vector<ApiKey> keys, db->list_keys());
  TRY(ApiKey key, valid_key(keys, name_or_id));
  key.revoked_at = clock.now();
  TRY_VOID(db->revoke_key(key.number, *key.revoked_at));
  TRY(const KeyLookup left, db->find_key(""));
  return Revoked{std::move(key), !left.any_valid};
}

// All that they want to know.
constexpr std::array<std::string_view, 4> kDatabaseOnly{"data-dir", "database-url", "log-format",
                                                        "log-level"};

// One of create, list and revoke.
struct KeyVerb {
  KeyVerb(CLI::App& keys, const char* name, const char* summary)
      : verb(*keys.add_subcommand(name, summary)),
        settings(verb, SettingFlags::Only{kDatabaseOnly}) {
    verb.add_flag("--json", as_json, "the answer as JSON");
  }

  CLI::App& verb;
  SettingFlags settings;
  std::string name;
  bool as_json = false;
};

std::string text_of(const MadeKey& made, const KeyVerb& asked) {
  if (!asked.as_json) return made.key + "\n";
  return json::serialize(json::object{{"name", asked.name}, {"id", made.id}, {"key", made.key}}) +
         "\n";
}

// It is printed before it is made: one that nobody saw would hold its name, and lock a server that
// had none.
Result<void> print_and_make(const Settings& settings, const KeyVerb& asked, const Clock& clock) {
  if (const auto fault = key_name_fault(asked.name)) return fail(ErrorCode::kInvalid, *fault);
  TRY(const std::unique_ptr<SqliteDb> db, open_or_make(settings, clock));
  TRY(const std::vector<ApiKey> keys, db->list_keys());
  const MadeKey made;
  const NewKey row{.name = asked.name, .id = made.id, .digest = made.digest};
  if (has_valid(keys, asked.name)) return db->create_key(row, clock.now());  // refuses it
  if (const auto shown = print_result(text_of(made, asked)); !shown) {
    say(fmt::format("no key \"{}\" was made, for it could not be shown", asked.name));
    return shown;
  }
  if (const auto stored = db->create_key(row, clock.now()); !stored) {
    say("the key that was printed opens nothing");
    return stored;
  }
  say(fmt::format("the key \"{}\" (id {}) of {}; it is shown this once: keep it now", asked.name,
                  made.id, database_of(settings).string()));
  return {};
}

int create_key(const Settings& settings, const KeyVerb& asked) {
  log::init(settings.log_level, settings.log_format);
  const SystemClock clock;
  const auto made = print_and_make(settings, asked, clock);
  return made ? kAllWell : say_error(made.error());
}

int list_keys(const Settings& settings, const KeyVerb& asked) {
  log::init(settings.log_level, settings.log_format);
  const SystemClock clock;
  const auto db = open_existing(settings, clock);
  if (!db) return say_error(db.error());
  const auto keys = (*db)->list_keys();
  if (!keys) return say_error(keys.error());
  if (asked.as_json) {
    json::array list;
    for (const ApiKey& key : *keys) list.push_back(json_of(key));
    return printed(json::serialize(json::object{{"keys", std::move(list)}}) + "\n");
  }
  if (!keys->empty()) return printed(table_of(*keys));
  say("there are no keys: \"imgmill keys create NAME\" makes one");
  return kAllWell;
}

int revoke_key(const Settings& settings, const KeyVerb& asked) {
  log::init(settings.log_level, settings.log_format);
  const SystemClock clock;
  const auto revoked = revoke(settings, asked.name, clock);
  if (!revoked) return say_error(revoked.error());
  say(fmt::format("the key \"{}\" (id {}) opens nothing any more", revoked->key.name,
                  revoked->key.id));
  if (revoked->was_last) {
    say("it was the last one, so the server now answers 401 to everybody: make another with "
        "\"imgmill keys create NAME\", or start the server anew with --no-auth");
  }
  return asked.as_json ? printed(json::serialize(json_of(revoked->key)) + "\n") : kAllWell;
}

}  // namespace

Action define_keys(CLI::App& keys) {
  struct Verbs {
    explicit Verbs(CLI::App& keys)
        : create(keys, "create", "makes a key and prints it, this once"),
          list(keys, "list", "every key, without what would open the server"),
          revoke(keys, "revoke", "from now on the key opens nothing") {}
    KeyVerb create;
    KeyVerb list;
    KeyVerb revoke;
  };
  auto verbs = std::make_shared<Verbs>(keys);
  keys.require_subcommand(1);
  verbs->create.verb
      .add_option("NAME", verbs->create.name, "whose it is, such as the program that will use it")
      ->required();
  verbs->revoke.verb.add_option("KEY", verbs->revoke.name, "the key's name or its id")->required();
  return [verbs, &keys] {
    const auto with_settings = [](const KeyVerb& verb, const auto& action) {
      return verb.settings.resolved({{"log-level", "warn"}}, [&](const Settings& settings) {
        return action(settings, verb);
      });
    };
    if (keys.got_subcommand("create")) return with_settings(verbs->create, create_key);
    if (keys.got_subcommand("revoke")) return with_settings(verbs->revoke, revoke_key);
    return with_settings(verbs->list, list_keys);
  };
}

}  // namespace imgmill::cli
