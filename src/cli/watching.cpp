#include "cli/watching.h"

#include <functional>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/poll_pace.h"
#include "cli/progress_bar.h"
#include "cli/save_csv.h"
#include "cli/say.h"

namespace imgmill::cli {
namespace {

using std::chrono::steady_clock;

constexpr int kSignalled = 128;
constexpr std::uint32_t kPatienceMax = 86'400;

bool is_temporary(const Result<ApiReply>& reply) {
  if (!reply) {
    return reply.error().code == ErrorCode::kUnavailable ||
           reply.error().code == ErrorCode::kTimeout;
  }
  switch (reply->status) {
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
  }
}

class Watching {
 public:
  Watching(Remote& remote, const std::string& request_id, std::chrono::seconds patience)
      : remote_(remote), request_id_(request_id), pace_(steady_clock::now(), patience) {
    remote_.api().give_up_when([this] { return interruption_.has_come(); });
  }
  ~Watching() { remote_.api().give_up_when({}); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  // nullopt: a signal ended it.
  Result<std::optional<RequestStatus>> until_final() {
    left_ = "the request goes on; look again with " + remote_.command("watch", request_id_);
    while (true) {
      TRY(auto reply, ask([this] { return remote_.api().get("/api/status/" + request_id_); }));
      if (!reply) return std::nullopt;
      TRY(json_, remote_.body_of(*std::move(reply)));
      TRY(RequestStatus status, read_status(json_));
      const auto pause = pace_.after_answer(steady_clock::now(), status.eta);
      show(status);
      if (status.is_final()) {
        bar_.end();
        return std::move(status);
      }
      if (is_ended_within(pause)) return std::nullopt;
    }
  }

  // The results; false: a signal ended it.
  Result<bool> save(const std::string& output) {
    left_ = "get the results with " +
            remote_.command("download", fmt::format("{} -o {}", request_id_, output));
    const std::string target = "/api/download/" + request_id_;
    TRY(auto reply, ask([&] { return receive_csv(remote_.api(), target, output); }));
    if (!reply) return false;
    TRY_VOID(remote_.body_of(*std::move(reply)));
    return true;
  }

  [[nodiscard]] const std::string& json() const { return json_; }
  [[nodiscard]] int signal() const { return signal_; }

 private:
  // The first answer that is no trouble; nullopt: a signal ended the asking.
  Result<std::optional<ApiReply>> ask(const std::function<Result<ApiReply>()>& request) {
    while (true) {
      Result<ApiReply> reply = request();
      std::chrono::milliseconds pause(0);
      if (!interruption_.has_come()) {
        if (!is_temporary(reply)) return answered(std::move(reply));
        TRY(pause, after_trouble(std::move(reply)));
      }
      if (is_ended_within(pause)) return std::nullopt;
    }
  }

  Result<std::optional<ApiReply>> answered(Result<ApiReply> reply) const {
    if (!reply) return std::unexpected(remote_.body_of(std::move(reply)).error());
    if (pace_.in_trouble()) say("it answers again");
    return *std::move(reply);
  }

  bool is_ended_within(std::chrono::milliseconds pause) {
    signal_ = interruption_.wait(pause);
    if (signal_ == 0) return false;
    bar_.end();
    say(left_);
    return true;
  }

  void show(const RequestStatus& status) {
    if (!processed_before_) processed_before_ = status.processed;
    bar_.show({.processed = status.processed,
               .total = status.total,
               .failed = status.failed,
               .elapsed = steady_clock::now() - started_,
               .processed_before = *processed_before_});
  }

  Result<std::chrono::milliseconds> after_trouble(Result<ApiReply> reply) {
    const bool is_new = !pace_.in_trouble();
    const auto pause = pace_.after_trouble(
        steady_clock::now(), reply ? reply->retry_after : std::optional<std::chrono::seconds>());
    const Error error = remote_.body_of(std::move(reply)).error();
    bar_.end();
    if (!pause) {
      say(left_);
      return std::unexpected(error);
    }
    if (is_new) {
      say(fmt::format("{}\ntrying again; Ctrl-C ends the watching, not the request",
                      describe(error)));
    }
    return *pause;
  }

  Remote& remote_;
  const std::string request_id_;
  Interruption interruption_;
  PollPace pace_;
  ProgressBar bar_;
  const steady_clock::time_point started_ = steady_clock::now();
  std::optional<std::uint64_t> processed_before_;
  std::string json_;
  std::string left_;  // what a user can do who sees it end early
  int signal_ = 0;
};

void say_where(const Remote& remote, const RequestStatus& status, const WatchOptions& options) {
  if (options.output.empty()) {
    say("results: " + remote.command("download", status.request_id + " -o results.csv"));
  } else if (options.output != kStdout) {
    say("results: " + options.output);
  }
  if (status.failed > 0) {
    say("what failed, and why: " + remote.command("failures", status.request_id));
  }
}

}  // namespace

CLI::Option* add_output(CLI::App& verb, WatchOptions& options) {
  return add_text(verb, "-o,--output", options.output, kFileType,
                  "write the results CSV there when it is final")
      ->check([](const std::string& text) { return text.empty() ? "name a file" : ""; });
}

void add_watch(CLI::App& verb, WatchOptions& options) {
  add_number(verb, "--patience", options.patience_seconds, 0U, kPatienceMax,
             "seconds a server may fail to answer while it is watched (300)");
}

Result<int> watch_to_end(Remote& remote, const std::string& request_id, const WatchOptions& options,
                         bool json) {
  if (!options.output.empty()) TRY_VOID(check_output(options.output));
  Watching watching(remote, request_id, std::chrono::seconds(options.patience_seconds));
  TRY(const std::optional<RequestStatus> status, watching.until_final());
  if (!status) return kSignalled + watching.signal();
  say(fmt::format("{}: {}", status->status, end_text(*status)));
  if (!options.output.empty()) {
    TRY(const bool is_saved, watching.save(options.output));
    if (!is_saved) return kSignalled + watching.signal();
  }
  say_where(remote, *status, options);
  if (json) TRY_VOID(print_result(watching.json() + "\n"));
  return exit_status(*status);
}

}  // namespace imgmill::cli
