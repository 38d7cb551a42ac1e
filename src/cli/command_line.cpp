#include "cli/command_line.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/version.h"

namespace imgmill::cli {
namespace {

constexpr const char* kService = "Service";
constexpr const char* kLocal = "Without a server";
constexpr const char* kAround = "Around it";
constexpr const char* kClient = "Client of a server";

constexpr std::array kVerbs{
    VerbRow{"serve", "API and workers in one process", kService, define_serve},
    VerbRow{"keys", "access keys of a server, also while it runs", kService, define_keys},
    VerbRow{"run", "the whole job for one CSV; paths and file:// are taken as images too", kLocal,
            define_run},
    VerbRow{"submit", "upload a CSV; prints the request id", kClient, define_submit},
    VerbRow{"status", "how far a request is", kClient, define_status},
    VerbRow{"watch", "follow a request until it is final", kClient, define_watch},
    VerbRow{"download", "the results CSV of a final request", kClient, define_download},
    VerbRow{"failures", "the rows whose images failed, as a CSV", kClient, define_failures},
    VerbRow{"cancel", "begin no more images of a request", kClient, define_cancel},
    VerbRow{"retry", "try the failed images of a request again", kClient, define_retry},
    VerbRow{"list", "the requests, newest first", kClient, define_list},
    VerbRow{"doctor", "check everything that a server needs, and say how to mend it", kAround,
            define_doctor},
    VerbRow{"completion", "print the completion of a shell", kAround, define_completion},
    VerbRow{"man", "print the man page", kAround, define_man},
};

constexpr const char* kFooter =
    "Exit status: 0 all well, 1 some images failed, 2 usage, 3 the job or the server failed.\n"
    "Each setting is a flag, an environment variable (--data-dir is IMGMILL_DATA_DIR) or, but for "
    "the client, a line in imgmill.toml (data-dir = \"…\"), in this order.";

void build(CLI::App& app, int& status) {
  app.set_version_flag("--version", "imgmill " IMGMILL_VERSION, "Print the version and exit");
  app.require_subcommand(1);
  app.footer(kFooter);
  for (const VerbRow& row : kVerbs) {
    CLI::App* verb = app.add_subcommand(row.name, row.summary)->group(row.group);
    verb->callback([&status, action = row.define(*verb)] { status = action(); });
  }
}

// One line. CLI11 does not name a verb that is none.
std::string complaint(const CLI::ParseError& error, std::string_view first) {
  const bool is_verb = std::ranges::find(kVerbs, first, &VerbRow::name) != kVerbs.end();
  if (!first.empty() && !first.starts_with('-') && !is_verb) {
    return fmt::format("\"{}\" is no command", first);
  }
  std::string text = error.what();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

std::span<const VerbRow> verb_table() { return kVerbs; }

int run_command_line(int argc, char** argv) {
  CLI::App app(
      "imgmill downloads the images of a CSV, compresses them, and gives the CSV back with "
      "the URLs of the compressed ones.");
  int status = kAllWell;
  build(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    fmt::print(stderr, "imgmill: {} (see --help)\n", complaint(error, argc > 1 ? argv[1] : ""));
    return kUsage;
  }
  return status;
}

}  // namespace imgmill::cli
