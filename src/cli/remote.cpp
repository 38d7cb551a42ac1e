#include "cli/remote.h"

#include <array>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/version.h"
#include "cli/problem_text.h"
#include "cli/say.h"
#include "cli/setting_flags.h"

namespace imgmill::cli {
namespace {

constexpr int kUnauthorized = 401;

bool is_well(int status) { return status >= 200 && status < 300; }

// What the problem itself cannot know: how this program is told.
std::string hint(const ApiReply& reply, bool has_key) {
  if (reply.status == kUnauthorized) {
    return has_key ? "\nthe key in IMGMILL_API_KEY (or IMGMILL_API_KEY_FILE) is not one of this "
                     "server's"
                   : "\nset IMGMILL_API_KEY (or IMGMILL_API_KEY_FILE) to a key of this server";
  }
  if (!reply.location.empty() && reply.status >= 300 && reply.status < 400) {
    return "\nit points to " + printable(reply.location) + ": name that with --server";
  }
  if (reply.retry_after) return fmt::format("\ntry again in {} s", reply.retry_after->count());
  return {};
}

}  // namespace

void add_remote(CLI::App& verb, RemoteFlags& flags) {
  for (const SettingRow& row : client_setting_table()) {
    if (row.has_flag) add_setting(verb, row, flags.given);
  }
  add_setting(verb, *find_setting("ca-file"), flags.given);
  verb.footer(
      "A server with access keys wants one in IMGMILL_API_KEY, or in the file that "
      "IMGMILL_API_KEY_FILE names.");
}

void add_json(CLI::App& verb, RemoteFlags& flags, const char* doc) {
  verb.add_flag("--json", flags.json, doc);
}

Result<Remote> Remote::open(const RemoteFlags& flags) {
  TRY(SettingTexts environment, settings_from_environment(environ));
  const std::array<SettingTexts, 2> by_precedence{flags.given, std::move(environment)};
  TRY(Settings settings, resolve_client_settings(by_precedence));
  TRY(auto api, ApiClient::create({.server = settings.server,
                                   .api_key = settings.api_key,
                                   .ca_file = settings.ca_file,
                                   .user_agent = "imgmill/" IMGMILL_VERSION}));
  std::string again;
  for (const auto& [key, text] : flags.given) again += fmt::format(" --{} {}", key, text);
  return Remote(std::move(settings), std::move(again), std::move(api));
}

Error Remote::unreachable(const Error& error) const {
  if (error.code != ErrorCode::kUnavailable && error.code != ErrorCode::kTimeout) return error;
  return {error.code,
          fmt::format("{}: {} ({})\n`imgmill serve` starts a server, --server (IMGMILL_SERVER) "
                      "names another",
                      settings_.server, error.text, error.detail),
          {}};
}

Result<std::string> Remote::body_of(Result<ApiReply> reply) const {
  if (!reply) return std::unexpected(unreachable(reply.error()));
  if (is_well(reply->status)) return std::move(reply->body);
  Error error = problem_of(*reply, settings_.server);
  error.text += hint(*reply, !settings_.api_key.empty());
  return std::unexpected(std::move(error));
}

std::string Remote::command(std::string_view verb, std::string_view rest) const {
  return fmt::format("imgmill {} {}{}", verb, rest, flags_again_);
}

int with_remote(const RemoteFlags& flags, const std::function<Result<int>(Remote&)>& action) {
  auto remote = Remote::open(flags);
  if (!remote) return say_error(remote.error());
  const auto status = action(*remote);
  return status ? *status : say_error(status.error());
}

Result<std::string> request_id_of(const std::string& text) {
  if (is_uuid(text)) return text;
  return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is no request id", printable(text)));
}

}  // namespace imgmill::cli
