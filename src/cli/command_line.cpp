#include "cli/command_line.h"

#include <array>
#include <sstream>

#include <CLI/CLI.hpp>

#include "base/version.h"
#include "cli/complaint.h"
#include "cli/say.h"

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
    "Exit status: 0 all well, 1 some images failed, 2 usage, 3 the job or the server failed, "
    "130 or 143 Ctrl-C or SIGTERM ended the watching.\n"
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

// CLI11 gives --help and --version as an error that is none.
int print_about(const CLI::App& app, const CLI::ParseError& wanted) {
  std::ostringstream text;
  app.exit(wanted, text, text);
  return printed(text.str());
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
    if (error.get_exit_code() == 0) return print_about(app, error);
    say(complaint(app, error) + " (see --help)");
    return kUsage;
  }
  return status;
}

}  // namespace imgmill::cli
