#include "app/settings_doc.h"

#include <fmt/format.h>

#include "app/settings.h"

namespace imgmill {

std::string settings_document() {
  std::string text =
      "# Settings\n\n"
      "Made from the table in `src/app/settings.cpp`. A flag goes before the environment variable, "
      "that\n"
      "before the line in `imgmill.toml` (or the file of `--config`), that before the default. A "
      "wrong or\n"
      "unknown setting stops the start with one line that names it. Sizes are bytes, or `64MiB`, "
      "`1GiB`.\n\n"
      "| flag, key in imgmill.toml | environment | default | |\n| --- | --- | --- | --- |\n";
  for (const SettingRow& row : setting_table()) {
    const std::string fallback =
        row.fallback.empty() ? std::string("none") : fmt::format("`{}`", row.fallback);
    text += fmt::format("| `--{0}` | `{1}`{2} | {3} | {4} |\n", row.key, variable_of(row.key),
                        row.secret ? fmt::format(" or `{}_FILE`", variable_of(row.key)) : "",
                        fallback, row.doc);
  }
  return text;
}

}  // namespace imgmill
