#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "app/data_folder.h"
#include "app/workers.h"
#include "base/log.h"
#include "batch/admission.h"
#include "batch/results_csv.h"
#include "cli/input_csv.h"
#include "cli/options.h"
#include "cli/problem_text.h"
#include "cli/progress_bar.h"
#include "cli/say.h"
#include "cli/setting_flags.h"
#include "cli/summary.h"
#include "cli/verbs.h"

namespace imgmill::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kReadBytes = 256 << 10;
constexpr auto kLook = 100ms;
constexpr auto kStopGrace = 5s;
constexpr SheetRules kRules{.local_paths = true};
constexpr const char* kInputFolder = "imgmill-input/";

// What has no use here: there is no server and there are no webhooks, and the folder is -o.
constexpr std::array<std::string_view, 14> kServerOnly{
    "listen",     "base-url",       "data-dir",         "database-url",     "storage-url",
    "rate-limit", "webhook-secret", "webhook-schedule", "max-upload-bytes", "no-auth",
    "retention",  "metrics-listen", "tls-cert",         "tls-key"};

struct RunArguments {
  fs::path csv;
  fs::path folder;  // -o
  bool skip_invalid = false;
  bool json = false;
  RecipeFlags recipe;  // beside the quality, which is a setting
};

// The CSV is checked while it is copied: admission moves the copy into the store.
Result<SheetReport> check_copy(const InputCsv& csv, const fs::path& copy) {
  std::ofstream out(copy, std::ios::binary);
  SheetCheck check(kRules);
  std::vector<char> buffer(kReadBytes);
  while (true) {
    const ssize_t got = ::read(csv.fd.get(), buffer.data(), buffer.size());
    if (got < 0) return fail_errno(errno, fmt::format("{} cannot be read", csv.name));
    if (got == 0) break;
    const auto block = std::span(buffer).first(static_cast<std::size_t>(got));
    TRY_VOID(check.feed(std::as_bytes(block)));
    out.write(block.data(), got);
  }
  out.close();
  if (!out) return fail(ErrorCode::kIo, fmt::format("{} cannot be written", copy.string()));
  return check.finish();
}

Result<void> refuse_invalid(const SheetReport& report, const RunArguments& arguments) {
  if (report.rows_invalid == 0 || arguments.skip_invalid) return {};
  std::string text = fmt::format("{} of {} rows are invalid (--skip-invalid takes the others)",
                                 report.rows_invalid, report.rows);
  text += row_lines(report.faults, report.faults_total);
  return fail(ErrorCode::kInvalid, std::move(text));
}

Result<Batch> find_batch(Db& db, const std::string& request_id) {
  TRY(std::optional<Batch> batch, db.find_batch(request_id));
  if (!batch) return fail(ErrorCode::kInternal, "the batch is gone");
  return *std::move(batch);
}

// Shows progress until the batch is final or a signal comes.
class Watch {
 public:
  Watch(Db& db, std::string request_id) : db_(db), request_id_(std::move(request_id)) {}

  Result<Batch> until_final() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      result_ = fail(ErrorCode::kUnavailable, "stopped by a signal; the same command starts anew");
      context_.stop();
    });
    look();
    context_.run();
    bar_.end();
    return std::move(result_);
  }

 private:
  void look() {
    result_ = find_batch(db_, request_id_);
    if (result_) show(result_->counts);
    if (!result_ || is_final(result_->state)) return context_.stop();
    timer_.expires_after(kLook);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) look();
    });
  }

  void show(const BatchCounts& counts) {
    bar_.show({.processed = counts.processed,
               .total = counts.placements,
               .failed = counts.failed,
               .elapsed = std::chrono::steady_clock::now() - started_});
  }

  Db& db_;
  const std::string request_id_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_, SIGTERM, SIGINT};
  asio::steady_timer timer_{context_};
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  ProgressBar bar_;
  Result<Batch> result_ = fail(ErrorCode::kInternal, "nothing was looked at");
};

Result<void> write_results(const Batch& batch, const fs::path& file, Workers& workers) {
  const fs::path unfinished = file.string() + ".part";
  TRY(const auto csv, ResultsCsv::open(batch, kRules, "", workers.db(), workers.objects()));
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  std::string block;
  do {
    TRY_VOID(csv->next_block(block));
    out << block;
  } while (!block.empty());
  out.close();
  if (!out) return fail(ErrorCode::kIo, fmt::format("{} cannot be written", file.string()));
  std::error_code error;
  fs::rename(unfinished, file, error);
  if (error) return fail_errno(error.value(), fmt::format("{} cannot be written", file.string()));
  return {};
}

Result<Summary> work(const RunArguments& arguments, const Admission& admission, Workers& workers) {
  TRY(const std::string request_id,
      admit_batch(admission, workers.db(), workers.objects(), workers.clock()));
  workers.start();
  auto batch = Watch(workers.db(), request_id).until_final();
  Result<Summary> summary = std::unexpected(batch ? Error{} : batch.error());
  if (batch) {
    const auto written = write_results(*batch, arguments.folder / "results.csv", workers);
    summary = written ? summarise(*batch, workers.db()) : std::unexpected(written.error());
  }
  workers.stop(kStopGrace);
  return summary;
}

// The copy of the CSV that the store has while a run lasts; the URLs in it may hold passwords.
void remove_input_copy(const fs::path& folder) {
  std::error_code ignored;  // the next run tries again
  fs::remove_all(folder / kInputFolder, ignored);
}

// Of a run that was killed: this one starts anew, and writes the same renditions.
Result<void> remove_old_database(const fs::path& file) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code error;
    fs::remove(file.string() + suffix, error);
    if (error) return fail_errno(error.value(), "the last run's database cannot be removed");
  }
  return {};
}

// Everything is built, and gone again when this returns.
Result<Summary> run_job_in(const fs::path& state, const InputCsv& csv, const Settings& settings,
                           const RunArguments& arguments) {
  TRY(const DataFolder folder, DataFolder::open(state, "-o"));
  TRY_VOID(remove_old_database(folder.database_file()));
  remove_input_copy(arguments.folder);
  const fs::path copy = folder.spool() / "input.csv";
  TRY(const SheetReport report, check_copy(csv, copy));
  TRY_VOID(refuse_invalid(report, arguments));

  WorkersOptions options{
      .database_file = folder.database_file(),
      .objects = arguments.folder,
      .spool = folder.spool(),
      .place_of = [](const std::string&) { return RenditionPlace{"images/", ""}; },
      .local_sources = fs::absolute(arguments.csv).parent_path(),
      .webhook_base_url = std::nullopt};
  TRY(const std::unique_ptr<Workers> workers, Workers::create(settings, std::move(options)));
  const Admission admission{.csv = copy,
                            .rules = kRules,
                            .recipe = {.quality = settings.quality,
                                       .format = format_named(arguments.recipe.format),
                                       .max_width = arguments.recipe.max_width,
                                       .max_height = arguments.recipe.max_height,
                                       .max_bytes = arguments.recipe.max_bytes},
                            .webhook_url = std::nullopt,
                            .folder = kInputFolder};
  return work(arguments, admission, *workers);
}

Result<InputCsv> open_csv(const RunArguments& arguments) {
  if (arguments.folder.empty()) return fail(ErrorCode::kInvalid, "-o: name a folder");
  if (arguments.csv == kStdin) {
    return fail(ErrorCode::kInvalid,
                "run wants a file, not stdin, for paths in the CSV count from its folder");
  }
  return open_input(arguments.csv);
}

// State stands in a hidden folder beside the results and goes when the job is done, as do the copy
// of the CSV and the local store's place for unfinished files when it is empty.
Result<Summary> run_job(const Settings& settings, const RunArguments& arguments) {
  TRY(const InputCsv csv, open_csv(arguments));
  if (csv.is_in(arguments.folder / "results.csv")) {
    return fail(ErrorCode::kInvalid,
                "results.csv would be written over the CSV: choose another -o");
  }
  const fs::path state = arguments.folder / ".imgmill";
  auto summary = run_job_in(state, csv, settings, arguments);
  const bool in_use = !summary && summary.error().code == ErrorCode::kConflict;
  if (in_use) return summary;
  std::error_code ignored;  // what stays is removed by the next run
  fs::remove_all(state, ignored);
  remove_input_copy(arguments.folder);
  fs::remove(arguments.folder / ".scratch", ignored);
  return summary;
}

int run(const Settings& settings, const RunArguments& arguments) {
  log::init(settings.log_level, settings.log_format);
  const auto summary = run_job(settings, arguments);
  if (!summary) return say_error(summary.error());
  const fs::path results = arguments.folder / "results.csv";
  const std::string text = arguments.json ? as_json(*summary, results) : as_text(*summary, results);
  if (const auto printed = print_result(text); !printed) {
    say(fmt::format("{} is there", results.string()));
    return say_error(printed.error());
  }
  return summary->failed > 0 ? kSomeImagesFailed : kAllWell;
}

}  // namespace

Action define_run(CLI::App& verb) {
  struct Flags {
    explicit Flags(CLI::App& verb) : settings(verb, kServerOnly) {}
    RunArguments arguments;
    SettingFlags settings;
  };
  auto flags = std::make_shared<Flags>(verb);
  RunArguments& arguments = flags->arguments;
  verb.add_option("CSV", arguments.csv,
                  "the CSV, as for an upload; paths in it count from its folder")
      ->required()
      ->type_name(kFileType);
  verb.add_option("-o,--output", arguments.folder, "folder for images/ and results.csv")
      ->required()
      ->type_name(kFolderType);
  verb.add_flag("--skip-invalid", arguments.skip_invalid,
                "take invalid rows over with empty outputs instead of refusing the file");
  verb.add_flag("--json", arguments.json, "the summary as JSON");
  add_recipe(verb, arguments.recipe);
  return [flags] {
    return flags->settings.resolved({{"log-level", "warn"}}, [&](const Settings& settings) {
      return run(settings, flags->arguments);
    });
  };
}

}  // namespace imgmill::cli
