// imgmill submit: a CSV from the disk or stdin to the server, and, if wanted, on to its end.
#include <algorithm>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "app/setting_values.h"
#include "cli/human_text.h"
#include "cli/input_csv.h"
#include "cli/options.h"
#include "cli/progress_bar.h"
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
  std::string csv;
  std::string webhook_url;
  std::string quality;
  RecipeFlags recipe;
  std::string on_invalid;
  std::string idempotency_key;
  bool watch = false;
  WatchOptions watching;
};

ApiFields form_fields(const Flags& flags) {
  ApiFields fields;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) fields.emplace_back(name, std::move(value));
  };
  const auto add_bound = [&](const char* name, std::uint64_t bound) {
    if (bound > 0) fields.emplace_back(name, fmt::to_string(bound));
  };
  add("webhook_url", flags.webhook_url);
  add("quality", flags.quality);
  add("format", flags.recipe.format);
  add_bound("max_width", flags.recipe.max_width);
  add_bound("max_height", flags.recipe.max_height);
  add_bound("max_bytes", flags.recipe.max_bytes);
  add("on_invalid", flags.on_invalid);
  return fields;
}

// Small sheets are there before a line about them could be read.
class UploadProgress {
 public:
  explicit UploadProgress(std::optional<std::uint64_t> size) : size_(size) {}
  ~UploadProgress() { bar_.end(); }
  UploadProgress(const UploadProgress&) = delete;
  UploadProgress& operator=(const UploadProgress&) = delete;

  void show(std::uint64_t sent) {
    constexpr std::uint64_t kSmall = 1'000'000;
    if (size_.value_or(kSmall) < kSmall) return;
    if (size_ && sent >= *size_) {
      bar_.show("uploaded, the server checks it");
    } else if (size_) {
      bar_.show(fmt::format("uploading {} of {}", human_bytes(sent), human_bytes(*size_)));
    } else {
      bar_.show(fmt::format("uploading {}", human_bytes(sent)));
    }
  }

 private:
  const std::optional<std::uint64_t> size_;
  ProgressBar bar_;
};

// Before anything is uploaded.
Result<void> check_results(const InputCsv& input, const std::string& output) {
  if (output.empty()) return {};
  if (input.is_in(output)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is the CSV itself: choose another -o", output));
  }
  return check_output(output);
}

Result<std::string> upload(Remote& remote, const Flags& flags) {
  TRY(const InputCsv input, open_input(flags.csv));
  if (flags.watch) TRY_VOID(check_results(input, flags.watching.output));
  UploadProgress progress(input.size);
  ApiUpload upload{.file_fd = input.fd.get(),
                   .size = input.size,
                   .file_name = input.name,
                   .fields = form_fields(flags),
                   .headers = {},
                   .sent = [&](std::uint64_t sent) { progress.show(sent); }};
  if (!flags.idempotency_key.empty()) {
    upload.headers.emplace_back("Idempotency-Key", flags.idempotency_key);
  }
  return remote.body_of(remote.api().upload("/api/upload", upload));
}

Result<int> submit(Remote& remote, const Flags& flags) {
  TRY(const std::string body, upload(remote, flags));
  TRY(const std::string request_id, read_request_id(body));
  const bool json = flags.remote.json;
  // The id is what counts: it is there whatever comes later.
  if (!json) {
    const auto told = print_result(request_id + "\n");
    if (!told) say("the request is " + request_id);
    TRY_VOID(told);
  }
  if (flags.watch) {
    TRY(const std::string id, request_id_of(request_id));
    return watch_to_end(remote, id, flags.watching, json);
  }
  if (json) TRY_VOID(print_result(body + "\n"));
  if (!json && ::isatty(STDERR_FILENO) == 1) {
    say("follow it with " + remote.command("watch", request_id));
  }
  return kAllWell;
}

std::string quality_fault(const std::string& text) {
  const auto quality = parse_quality(text);
  return quality ? "" : quality.error().text;
}

// As the contract has it; what else would be in a header is nobody's key.
std::string key_fault(const std::string& text) {
  constexpr std::size_t kBytesMax = 255;
  const bool visible = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7F; });
  const bool is_key = visible && !text.empty() && text.size() <= kBytesMax;
  return is_key ? "" : "1 to 255 printable characters are wanted";
}

}  // namespace

Action define_submit(CLI::App& verb) {
  auto flags = std::make_shared<Flags>();
  add_text(verb, "CSV", flags->csv, kFileType, "the CSV; - reads it from stdin")->required();
  CLI::Option* watched = verb.add_flag("--watch", flags->watch, "follow it until it is final");
  add_output(verb, flags->watching)->needs(watched);
  add_watch(verb, flags->watching);
  add_text(verb, "--webhook-url", flags->webhook_url, "URL", "called when the request is final");
  add_text(verb, "--quality", flags->quality, "N|auto", "1 to 100, or auto (the server's default)")
      ->check(quality_fault);
  add_recipe(verb, flags->recipe);
  add_choice(verb, "--on-invalid", flags->on_invalid, {"reject", "skip"},
             "what to do with a CSV that has invalid rows (reject)");
  add_text(verb, "--idempotency-key", flags->idempotency_key, "K",
           "the same key with the same CSV is one request, however often it is sent")
      ->check(key_fault);
  add_json(verb, flags->remote, "the server's answer; with --watch the final status object");
  add_remote(verb, flags->remote);
  return [flags] {
    return with_remote(flags->remote, [&](Remote& remote) { return submit(remote, *flags); });
  };
}

}  // namespace imgmill::cli
