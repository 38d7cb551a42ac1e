// Following a request by asking for its status until it is final, with a bar on a terminal. A
// server that does not answer is asked again for a while; Ctrl-C ends the watching and nothing
// else.
#pragma once

#include <chrono>
#include <string>

#include "cli/remote.h"
#include "cli/request_status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace imgmill::cli {

struct WatchOptions {
  std::uint32_t patience_seconds = 300;
  std::string output;  // the results go there when it is final; empty: nowhere
};

// -o of a verb that watches. What is given is no empty text, which would mean nowhere.
CLI::Option* add_output(CLI::App& verb, WatchOptions& options);
void add_watch(CLI::App& verb, WatchOptions& options);

// Watches, says what came of it on stderr, writes results where they are wanted, prints the final
// status object when `json`. The exit status: 128 + its number when a signal ended it. kInvalid at
// once when the results could not be written.
[[nodiscard]] Result<int> watch_to_end(Remote& remote, const std::string& request_id,
                                       const WatchOptions& options, bool json);

}  // namespace imgmill::cli
