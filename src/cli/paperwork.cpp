// imgmill completion bash, imgmill man: the command line about itself.
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/options.h"
#include "cli/program_doc.h"
#include "cli/say.h"
#include "cli/verbs.h"

namespace imgmill::cli {

Action define_completion(CLI::App& verb) {
  auto shell = std::make_shared<std::string>();
  add_choice(verb, "SHELL", *shell, {"bash"}, "the shell; so far only bash")->required();
  return [&verb, shell] { return printed(bash_completion(describe_program(*verb.get_parent()))); };
}

Action define_man(CLI::App& verb) {
  return [&verb] { return printed(man_page(describe_program(*verb.get_parent()))); };
}

}  // namespace imgmill::cli
