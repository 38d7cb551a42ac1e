// The command line: settings from flags, environment and file, then one verb of cli/.
#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include "app/settings.h"
#include "base/version.h"
#include "cli/verbs.h"
#include "model/recipe.h"

namespace imgmill {
namespace {

constexpr const char* kDefaultFile = "imgmill.toml";

// What `imgmill run` has no use for: it has no server and no webhooks, and its folder is -o.
constexpr std::array<std::string_view, 10> kServerOnly{
    "listen",         "base-url",         "data-dir",         "database-url", "storage-url",
    "webhook-secret", "webhook-schedule", "max-upload-bytes", "no-auth",      "retention"};

class SettingFlags {
 public:
  SettingFlags(CLI::App& verb, std::span<const std::string_view> without) {
    for (const SettingRow& row : setting_table()) {
      if (std::ranges::find(without, row.key) == without.end()) add(verb, row);
    }
    verb.add_option("--config", file_,
                    "file of settings (default: imgmill.toml, when there is one)")
        ->group("Settings");
  }

  // Flag, environment, file, then the verb's own defaults.
  [[nodiscard]] Result<Settings> resolve(SettingTexts verb_defaults) const {
    TRY(SettingTexts environment, settings_from_environment(environ));
    SettingTexts file;
    if (!file_.empty() || std::filesystem::exists(kDefaultFile)) {
      TRY(file, settings_from_file(file_.empty() ? kDefaultFile : file_));
    }
    const std::array<SettingTexts, 4> by_precedence{given_, std::move(environment), std::move(file),
                                                    std::move(verb_defaults)};
    return resolve_settings(by_precedence);
  }

 private:
  void add(CLI::App& verb, const SettingRow& row) {
    const std::string flag = fmt::format("--{}", row.key);
    const std::string key(row.key);
    CLI::Option* option = nullptr;
    if (row.kind == SettingKind::kSwitch) {
      option = verb.add_flag_function(
          flag, [this, key](std::int64_t) { given_[key] = "true"; }, std::string(row.doc));
    } else {
      option = verb.add_option_function<std::string>(
          flag, [this, key](const std::string& text) { given_[key] = text; }, std::string(row.doc));
      option->default_str(std::string(row.fallback))->type_name("");
    }
    option->group("Settings");
  }

  SettingTexts given_;
  std::string file_;
};

int with_settings(const SettingFlags& flags, SettingTexts verb_defaults,
                  const std::function<int(const Settings&)>& verb) {
  const auto settings = flags.resolve(std::move(verb_defaults));
  if (settings) return verb(*settings);
  fmt::print(stderr, "imgmill: {}\n", settings.error().text);
  return cli::kUsage;
}

void add_recipe_options(CLI::App& run, cli::RunArguments& arguments) {
  std::vector<std::string> formats{"keep"};
  for (const PictureFormat format : kTargetFormats) formats.emplace_back(names_of(format).name);
  run.add_option("--format", arguments.format, "of the output images (keep)")
      ->check(CLI::IsMember(formats));
  const CLI::Range side(kBoxSideMin, kBoxSideMax);
  run.add_option("--max-width", arguments.max_width, "shrink to fit inside, never enlarge")
      ->check(side);
  run.add_option("--max-height", arguments.max_height, "as --max-width")->check(side);
  run.add_option("--max-bytes", arguments.max_bytes, "of an output image: its quality falls for it")
      ->check(CLI::Range(kBytesBoundMin, kBytesBoundMax));
}

// A picture's bytes come and go a thousand times a second: without this glibc hands each one's
// pages back to the kernel and faults them in again, 0.1 ms of CPU an image (mallopt(3); measured
// by fetch_bench).
void keep_freed_memory() {
  constexpr int kKeepBytes = 64 << 20;
  constexpr int kMapBytes = 32 << 20;
  mallopt(M_TRIM_THRESHOLD, kKeepBytes);
  mallopt(M_MMAP_THRESHOLD, kMapBytes);
}

// Where the caller closed one of 0, 1 and 2, the next file opened would get its number, and what is
// said to people would be written into it. Read-only, so that writing fails and is noticed.
void occupy_standard_descriptors() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDONLY);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO) ::close(fd);
}

// One line. CLI11 does not name a verb that is none.
std::string complaint(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  const bool is_verb =
      !app.get_subcommands([first](const CLI::App* verb) { return verb->get_name() == first; })
           .empty();
  if (!first.empty() && !first.starts_with('-') && !is_verb) {
    return fmt::format("\"{}\" is no command", first);
  }
  std::string text = error.what();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

int main_of(int argc, char** argv) {
  CLI::App app(
      "imgmill downloads the images of a CSV, compresses them, and gives the CSV back with "
      "the URLs of the compressed ones.");
  app.set_version_flag("--version", "imgmill " IMGMILL_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Each setting is a flag, an environment variable (--data-dir is IMGMILL_DATA_DIR) or a "
      "line in imgmill.toml (data-dir = \"…\"), in this order.");
  int status = cli::kAllWell;

  CLI::App* serve = app.add_subcommand("serve", "API and workers in one process");
  const SettingFlags serve_flags(*serve, {});
  serve->callback([&] { status = with_settings(serve_flags, {}, cli::serve); });

  CLI::App* run = app.add_subcommand("run",
                                     "the whole job without a server; paths and file:// are "
                                     "taken as images too, relative to the CSV's folder");
  cli::RunArguments arguments;
  run->add_option("CSV", arguments.csv, "the CSV, as for an upload")->required();
  run->add_option("-o,--output", arguments.folder, "folder for images/ and results.csv")
      ->required();
  run->add_flag("--skip-invalid", arguments.skip_invalid,
                "take invalid rows over with empty outputs instead of refusing the file");
  run->add_flag("--json", arguments.json, "the summary as JSON");
  add_recipe_options(*run, arguments);
  const SettingFlags run_flags(*run, kServerOnly);
  run->callback([&] {
    status = with_settings(run_flags, {{"log-level", "warn"}},
                           [&](const Settings& settings) { return cli::run(settings, arguments); });
  });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    fmt::print(stderr, "imgmill: {} (see --help)\n", complaint(app, error, argc, argv));
    return cli::kUsage;
  }
  return status;
}

}  // namespace
}  // namespace imgmill

int main(int argc, char** argv) {
  imgmill::occupy_standard_descriptors();
  imgmill::keep_freed_memory();
  return imgmill::main_of(argc, argv);
}
