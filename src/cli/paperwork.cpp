// imgmill completion bash, imgmill man: the command line about itself.
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/options.h"
#include "cli/program_doc.h"
#include "cli/say.h"
#include "cli/verbs.h"

namespace imgmill::cli {
namespace {

int print(const std::string& text) {
  const auto printed = print_result(text);
  return printed ? kAllWell : say_error(printed.error());
}

}  // namespace

Action define_completion(CLI::App& verb) {
  auto shell = std::make_shared<std::string>();
  add_choice(verb, "SHELL", *shell, {"bash"}, "the shell; so far only bash")->required();
  return [&verb, shell] { return print(bash_completion(describe_program(*verb.get_parent()))); };
}

Action define_man(CLI::App& verb) {
  return [&verb] { return print(man_page(describe_program(*verb.get_parent()))); };
}

}  // namespace imgmill::cli
