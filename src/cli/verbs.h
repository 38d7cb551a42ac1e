// The verbs of the command line, one file each (CONTRACT section 6). A verb returns the exit
// status: 0 all well, 1 some images failed, 2 usage, 3 the job or the server failed. Results go to
// stdout, progress and logs to stderr.
#pragma once

#include <filesystem>
#include <string>

#include "app/settings.h"

namespace imgmill::cli {

inline constexpr int kAllWell = 0;
inline constexpr int kSomeImagesFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kFailed = 3;

// `imgmill serve`: API and workers, until SIGTERM or SIGINT; a second signal ends it at once.
[[nodiscard]] int serve(const Settings& settings);

struct RunArguments {
  std::filesystem::path csv;
  std::filesystem::path folder;  // -o
  bool skip_invalid = false;
  bool json = false;
  // Of the recipe, beside the quality, which is a setting.
  std::string format = "keep";
  std::uint32_t max_width = 0;
  std::uint32_t max_height = 0;
  std::uint64_t max_bytes = 0;
};

// `imgmill run`: the whole job without a server.
[[nodiscard]] int run(const Settings& settings, const RunArguments& arguments);

// `imgmill keys …`: access keys, in the database of the data folder, also beside its server.
[[nodiscard]] int create_key(const Settings& settings, const std::string& name, bool json);
[[nodiscard]] int list_keys(const Settings& settings, bool json);
[[nodiscard]] int revoke_key(const Settings& settings, const std::string& name_or_id, bool json);

}  // namespace imgmill::cli
