#include "app/settings_doc.h"

#include <fmt/format.h>

#include "app/settings.h"

namespace imgmill {

namespace {

std::string line_of(const SettingRow& row) {
  const std::string variable = variable_of(row.key);
  return fmt::format(
      "| {} | `{}`{} | {} | {} |\n", row.has_flag ? fmt::format("`--{}`", row.key) : "", variable,
      row.secret ? fmt::format(" or `{}_FILE`", variable) : "",
      row.fallback.empty() ? std::string("none") : fmt::format("`{}`", row.fallback), row.doc);
}

}  // namespace

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
  for (const SettingRow& row : setting_table()) text += line_of(row);
  text +=
      "\nThe commands that talk to a server ([command-line.md](command-line.md)) take these, "
      "`--ca-file` and\nnothing else; they do not read `imgmill.toml`.\n\n"
      "| flag | environment | default | |\n| --- | --- | --- | --- |\n";
  for (const SettingRow& row : client_setting_table()) text += line_of(row);
  return text;
}

}  // namespace imgmill
