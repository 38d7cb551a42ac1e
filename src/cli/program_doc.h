// The command line read back from CLI11's App, as plain values: what the completion and the man
// page are made of. So they say what --help says.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace imgmill::cli {

struct FlagDoc {
  std::vector<std::string> names;  // "-o", "--output"; of a positional its one name
  std::string type;                // as in options.h; empty for a switch or any text
  std::string doc;
  std::string fallback;
  bool is_positional = false;
  bool takes_value = true;
  bool is_setting = false;  // of the group "Settings"

  // "a|b|c" taken apart; empty when the type is no choice between words.
  [[nodiscard]] std::vector<std::string> choices() const;
};

struct VerbDoc {
  std::string name;  // "keys create" of a verb that stands behind another
  std::string summary;
  std::string footer;
  std::vector<FlagDoc> flags;
};

struct ProgramDoc {
  std::string about;
  std::string footer;
  std::vector<VerbDoc> verbs;
};

// `program` is the whole App.
[[nodiscard]] ProgramDoc describe_program(const CLI::App& program);

[[nodiscard]] std::string bash_completion(const ProgramDoc& program);
[[nodiscard]] std::string man_page(const ProgramDoc& program);

}  // namespace imgmill::cli
