// The verbs of the command line (CONTRACT section 6), each in a file of its own: define_… adds the
// verb's flags to it and gives what it does. That returns the exit status. Results go to stdout,
// progress and messages to stderr. The table of all verbs is in command_line.cpp.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace imgmill::cli {

inline constexpr int kAllWell = 0;
inline constexpr int kSomeImagesFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kFailed = 3;

using Action = std::function<int()>;

[[nodiscard]] Action define_serve(CLI::App& verb);
[[nodiscard]] Action define_run(CLI::App& verb);
// Access keys, in the database of the data folder, also beside its server.
[[nodiscard]] Action define_keys(CLI::App& verb);

[[nodiscard]] Action define_submit(CLI::App& verb);
[[nodiscard]] Action define_status(CLI::App& verb);
[[nodiscard]] Action define_watch(CLI::App& verb);
[[nodiscard]] Action define_download(CLI::App& verb);
[[nodiscard]] Action define_failures(CLI::App& verb);
[[nodiscard]] Action define_cancel(CLI::App& verb);
[[nodiscard]] Action define_retry(CLI::App& verb);
[[nodiscard]] Action define_list(CLI::App& verb);

[[nodiscard]] Action define_doctor(CLI::App& verb);
[[nodiscard]] Action define_completion(CLI::App& verb);
[[nodiscard]] Action define_man(CLI::App& verb);

}  // namespace imgmill::cli
