// What `imgmill doctor` finds: a line for each thing looked at, with the way to mend it.
#pragma once

#include <string>
#include <vector>

#include "app/settings.h"

namespace imgmill::cli {

enum class Health { kOk, kWarn, kFail };

struct Finding {
  std::string check;  // a word or two: "database"
  Health health = Health::kOk;
  std::string text;
  std::string mend{};  // empty when there is nothing to mend
};

using Findings = std::vector<Finding>;

[[nodiscard]] Health worst_of(const Findings& findings);
// Columns: health, check, text; the mending below.
[[nodiscard]] std::string health_text(const Findings& findings);
// One object: {"status", "version", "checks": [{"name", "status", "text", "mend"}]}.
[[nodiscard]] std::string health_json(const Findings& findings);

// The checks. None changes anything that a server on the same data folder could notice.
void check_store(const Settings& settings, Findings& findings);
void check_codec(const Settings& settings, Findings& findings);
void check_host(const Settings& settings, Findings& findings);
void check_network(const Settings& settings, Findings& findings);
// Whether the server at `url` is ready.
[[nodiscard]] Finding check_server(const std::string& url, const Settings& settings);

// The process that has the data folder; 0: none.
[[nodiscard]] int owner_of(const std::filesystem::path& data_dir);

}  // namespace imgmill::cli
