// The command line as a whole: the table of verbs, and CLI11's App made from it. --help, the
// completion and the man page all come from that App, so each flag is written down once.
#pragma once

#include <span>
#include <string>

#include "cli/verbs.h"

namespace CLI {
class App;
}

namespace imgmill::cli {

struct VerbRow {
  const char* name;
  const char* summary;
  const char* group;  // the heading it stands under in --help
  Action (*define)(CLI::App& verb);
};

[[nodiscard]] std::span<const VerbRow> verb_table();

// Does what the command line says and returns the exit status.
[[nodiscard]] int run_command_line(int argc, char** argv);

}  // namespace imgmill::cli
