// The client verbs that are one question: status, watch, download, failures, cancel, retry, list.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/human_text.h"
#include "cli/options.h"
#include "cli/remote.h"
#include "cli/request_status.h"
#include "cli/save_csv.h"
#include "cli/say.h"
#include "cli/verbs.h"
#include "cli/watching.h"

namespace imgmill::cli {
namespace {

struct Flags {
  RemoteFlags remote;
  std::string request_id;
  std::string output = kStdout;
  bool watch = false;
  WatchOptions watching;
  std::string status;
  std::uint32_t limit = 0;
  std::string cursor;
};

std::shared_ptr<Flags> flags_with_id(CLI::App& verb) {
  auto flags = std::make_shared<Flags>();
  add_text(verb, "ID", flags->request_id, "", "the request, as submit printed it")->required();
  add_remote(verb, flags->remote);
  return flags;
}

// A verb about one request.
Action about_request(const std::shared_ptr<Flags>& flags,
                     Result<int> (*action)(Remote&, const std::string& id, const Flags&)) {
  return [flags, action] {
    return with_remote(flags->remote, [&](Remote& remote) -> Result<int> {
      TRY(const std::string id, request_id_of(flags->request_id));
      return action(remote, id, *flags);
    });
  };
}

Result<void> print_status(const std::string& body, bool json) {
  if (json) return print_result(body + "\n");
  TRY(const RequestStatus status, read_status(body));
  return print_result(status_text(status));
}

Result<int> status(Remote& remote, const std::string& id, const Flags& flags) {
  TRY(const std::string body, remote.get("/api/status/" + id));
  TRY_VOID(print_status(body, flags.remote.json));
  TRY(const RequestStatus status, read_status(body));
  return status.is_final() ? exit_status(status) : kAllWell;
}

Result<int> watch(Remote& remote, const std::string& id, const Flags& flags) {
  return watch_to_end(remote, id, flags.watching, flags.remote.json);
}

Result<int> download(Remote& remote, const std::string& id, const Flags& flags) {
  TRY_VOID(save_csv(remote, "/api/download/" + id, flags.output));
  return kAllWell;
}

Result<int> failures(Remote& remote, const std::string& id, const Flags& flags) {
  TRY_VOID(save_csv(remote, fmt::format("/api/requests/{}/failures.csv", id), flags.output));
  return kAllWell;
}

Result<int> cancel(Remote& remote, const std::string& id, const Flags& flags) {
  TRY(const std::string body, remote.post(fmt::format("/api/requests/{}/cancel", id)));
  TRY_VOID(print_status(body, flags.remote.json));
  return kAllWell;
}

Result<int> retry(Remote& remote, const std::string& id, const Flags& flags) {
  if (!flags.watching.output.empty()) TRY_VOID(check_output(flags.watching.output));
  TRY(const std::string body, remote.post(fmt::format("/api/requests/{}/retry", id)));
  if (flags.watch) return watch_to_end(remote, id, flags.watching, flags.remote.json);
  TRY_VOID(print_status(body, flags.remote.json));
  return kAllWell;
}

Result<int> list(Remote& remote, const Flags& flags) {
  std::string target = fmt::format("/api/requests?limit={}", flags.limit);
  if (!flags.status.empty()) target += "&status=" + flags.status;
  if (!flags.cursor.empty()) target += "&cursor=" + query_escaped(flags.cursor);
  TRY(const std::string body, remote.get(target));
  if (flags.remote.json) {
    TRY_VOID(print_result(body + "\n"));
    return kAllWell;
  }
  TRY(const RequestPage page, read_page(body));
  TRY_VOID(print_result(table_text(page)));
  if (!page.next_cursor.empty()) say("there are more: --cursor " + page.next_cursor);
  return kAllWell;
}

Action csv_verb(CLI::App& verb, Result<int> (*action)(Remote&, const std::string&, const Flags&)) {
  auto flags = flags_with_id(verb);
  add_text(verb, "-o,--output", flags->output, kFileType, "write it there (default: stdout)");
  return about_request(flags, action);
}

}  // namespace

Action define_status(CLI::App& verb) {
  auto flags = flags_with_id(verb);
  add_json(verb, flags->remote, "the server's status object");
  return about_request(flags, status);
}

Action define_watch(CLI::App& verb) {
  auto flags = flags_with_id(verb);
  add_watch(verb, flags->watching);
  add_output(verb, flags->watching);
  add_json(verb, flags->remote, "the final status object");
  return about_request(flags, watch);
}

Action define_download(CLI::App& verb) { return csv_verb(verb, download); }

Action define_failures(CLI::App& verb) { return csv_verb(verb, failures); }

Action define_cancel(CLI::App& verb) {
  auto flags = flags_with_id(verb);
  add_json(verb, flags->remote, "the server's status object");
  return about_request(flags, cancel);
}

Action define_retry(CLI::App& verb) {
  auto flags = flags_with_id(verb);
  CLI::Option* watched = verb.add_flag("--watch", flags->watch, "follow it until it is final");
  add_watch(verb, flags->watching);
  add_output(verb, flags->watching)->needs(watched);
  add_json(verb, flags->remote, "the server's status object; with --watch the final one");
  return about_request(flags, retry);
}

Action define_list(CLI::App& verb) {
  constexpr std::uint32_t kLimitMax = 500;
  constexpr std::uint32_t kLimit = 20;
  auto flags = std::make_shared<Flags>();
  flags->limit = kLimit;
  add_choice(verb, "--status", flags->status,
             {"pending", "processing", "completed", "failed", "cancelled"}, "only these");
  add_number(verb, "--limit", flags->limit, 1U, kLimitMax, "so many at most (20)");
  add_text(verb, "--cursor", flags->cursor, "C", "go on where a listing ended");
  add_remote(verb, flags->remote);
  add_json(verb, flags->remote, "the server's page: requests and next_cursor");
  return [flags] {
    return with_remote(flags->remote, [&](Remote& remote) { return list(remote, *flags); });
  };
}

}  // namespace imgmill::cli
