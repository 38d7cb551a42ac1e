// The man page, in roff with the man macros.
#include <algorithm>

#include <fmt/format.h>

#include "app/settings.h"
#include "base/version.h"
#include "cli/options.h"
#include "cli/program_doc.h"

namespace imgmill::cli {
namespace {

constexpr const char* kDate = "2026-11-26";  // of the page's last change

// Text that roff takes as it is.
std::string plain(std::string_view text) {
  std::string out;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) out += "\\&";
    at_line_start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string names_of_flag(const FlagDoc& flag) {
  std::string names;
  for (const std::string& name : flag.names) {
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", plain(name));
  }
  const bool has_type = flag.takes_value && !flag.is_positional && !flag.type.empty();
  return has_type ? fmt::format("{} \\fI{}\\fR", names, plain(flag.type)) : names;
}

std::string entry(const FlagDoc& flag) {
  std::string text = fmt::format(".TP\n{}\n{}", names_of_flag(flag), plain(flag.doc));
  if (!flag.fallback.empty()) text += fmt::format(" ({})", plain(flag.fallback));
  return text + "\n";
}

std::string synopsis(const VerbDoc& verb) {
  std::string text = fmt::format("imgmill {} [flags]", plain(verb.name));
  for (const FlagDoc& flag : verb.flags) {
    if (flag.is_positional) text += " " + flag.names.front();
  }
  return text;
}

std::string section(const VerbDoc& verb) {
  std::string text = fmt::format(".SS {}\n{}.\n", synopsis(verb), plain(verb.summary));
  std::string settings;
  for (const FlagDoc& flag : verb.flags) {
    if (flag.is_setting) {
      settings += fmt::format("{}{}", settings.empty() ? "" : ", ", plain(flag.names.back()));
    } else {
      text += entry(flag);
    }
  }
  if (!settings.empty()) text += fmt::format(".PP\nSettings: {}.\n", settings);
  if (!verb.footer.empty()) text += fmt::format(".PP\n{}\n", plain(verb.footer));
  return text;
}

// Each once, whichever verbs take it.
std::string settings_section(const ProgramDoc& program) {
  std::string text = ".SH SETTINGS\n";
  std::vector<std::string> seen;
  for (const VerbDoc& verb : program.verbs) {
    for (const FlagDoc& flag : verb.flags) {
      const bool is_new =
          flag.is_setting && std::ranges::find(seen, flag.names.back()) == seen.end();
      if (!is_new) continue;
      seen.push_back(flag.names.back());
      text += entry(flag);
    }
  }
  return text;
}

std::string environment_section() {
  std::string text =
      ".SH ENVIRONMENT\nEvery setting has a variable: \\fB\\-\\-data\\-dir\\fR is "
      "\\fBIMGMILL_DATA_DIR\\fR. Further ones:\n";
  for (const SettingRow& row : client_setting_table()) {
    if (row.has_flag) continue;
    const std::string variable = variable_of(row.key);
    text += fmt::format(".TP\n\\fB{0}\\fR, \\fB{0}_FILE\\fR\n{1}\n", variable, plain(row.doc));
  }
  return text;
}

}  // namespace

std::string man_page(const ProgramDoc& program) {
  std::string text = fmt::format(
      ".TH IMGMILL 1 {} \"imgmill {}\"\n.SH NAME\nimgmill \\- compress the images of a CSV\n"
      ".SH SYNOPSIS\n.B imgmill\n.I command\n.RI [ flags ]\n.SH DESCRIPTION\n{}\n.SH COMMANDS\n",
      kDate, IMGMILL_VERSION, plain(program.about));
  for (const VerbDoc& verb : program.verbs) text += section(verb);
  text += settings_section(program) + environment_section();
  text += fmt::format(".SH NOTES\n{}\n", plain(program.footer));
  return text;
}

}  // namespace imgmill::cli
