#include "cli/program_doc.h"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace imgmill::cli {
namespace {

FlagDoc describe_flag(const CLI::Option& option) {
  FlagDoc flag{.names = {},
               .type = option.get_type_name(),
               .doc = option.get_description(),
               .fallback = option.get_default_str(),
               .is_positional = option.get_positional(),
               .takes_value = option.get_items_expected_max() > 0,
               .is_setting = option.get_group() == "Settings"};
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  if (flag.is_positional) flag.names = {option.get_name(true)};
  return flag;
}

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

VerbDoc describe_verb(const CLI::App& verb, const std::string& name) {
  VerbDoc doc{
      .name = name, .summary = verb.get_description(), .footer = verb.get_footer(), .flags = {}};
  for (const CLI::Option* option : verb.get_options()) doc.flags.push_back(describe_flag(*option));
  return doc;
}

}  // namespace

// The words of a type in capitals stand for something else: "N|auto".
std::vector<std::string> FlagDoc::choices() const {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < type.size();) {
    const std::size_t end = std::min(type.find('|', begin), type.size());
    if (type[begin] >= 'a' && type[begin] <= 'z') words.push_back(type.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

ProgramDoc describe_program(const CLI::App& program) {
  ProgramDoc doc{.about = program.get_description(), .footer = program.get_footer(), .verbs = {}};
  for (const CLI::App* verb : verbs_of(program)) {
    const auto inner = verbs_of(*verb);
    if (inner.empty()) doc.verbs.push_back(describe_verb(*verb, verb->get_name()));
    for (const CLI::App* part : inner) {
      doc.verbs.push_back(describe_verb(*part, verb->get_name() + " " + part->get_name()));
    }
  }
  return doc;
}

}  // namespace imgmill::cli
