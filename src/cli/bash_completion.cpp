// Bash's completion as one function: the verb's case says what its flags take. It needs nothing of
// the package bash-completion.
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/version.h"
#include "cli/options.h"
#include "cli/program_doc.h"

namespace imgmill::cli {
namespace {

constexpr const char* kOpening =
    R"(# Bash completion of imgmill )" IMGMILL_VERSION R"(; in ~/.bashrc:
#   source <(imgmill completion bash)
_imgmill() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local flags= words= paths=
  if [[ $word == "=" ]]; then
    word=
  elif [[ $before == "=" ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
)";

constexpr const char* kClosing = R"(  if [[ $word == -* && -z $words$paths ]]; then words=$flags; fi
  if [[ -n $paths ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$paths" -- "$word")
  elif [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  fi
}
complete -F _imgmill imgmill
)";

// What is offered for a value of this type; empty when nothing can be.
std::string offer_of(const FlagDoc& flag) {
  if (flag.type == kFileType) return "paths=-f";
  if (flag.type == kFolderType) return "paths=-d";
  const auto choices = flag.choices();
  if (choices.empty()) return {};
  return fmt::format("words=\"{}\"", fmt::join(choices, " "));
}

std::string case_of(const VerbDoc& verb) {
  std::string flags;
  std::string values;
  std::string positional;
  for (const FlagDoc& flag : verb.flags) {
    if (flag.is_positional) {
      positional = offer_of(flag);
      continue;
    }
    flags += fmt::format("{}{}", flags.empty() ? "" : " ", flag.names.back());
    if (!flag.takes_value) continue;
    const std::string offer = offer_of(flag);
    values += fmt::format("        {}) {} ;;\n", fmt::join(flag.names, "|"),
                          offer.empty() ? "return" : offer);
  }
  std::string text = fmt::format("    \"{}\")\n      flags=\"{}\"\n", verb.name, flags);
  if (positional.empty()) positional = ":";
  return text + fmt::format(
                    "      case $before in\n{}"
                    "        *) if [[ $word != -* ]]; then {}; fi ;;\n      esac\n      ;;\n",
                    values, positional);
}

// What is offered for the first word, and behind some of those for the second.
struct Words {
  void add(const std::string& verb) {
    const std::size_t space = verb.find(' ');
    const std::string front = verb.substr(0, space);
    if (first.empty() || first.back() != front) first.push_back(front);
    if (space != verb.npos) second[front].push_back(verb.substr(space + 1));
  }
  [[nodiscard]] std::string second_cases() const {
    std::string text;
    for (const auto& [front, words] : second) {
      text += fmt::format(
          "    {})\n      verb+=\" ${{COMP_WORDS[2]}}\"\n"
          "      if ((COMP_CWORD == 2)); then verb= words=\"{} --help\"; fi\n      ;;\n",
          front, fmt::join(words, " "));
    }
    return text;
  }

  std::vector<std::string> first;
  std::map<std::string, std::vector<std::string>> second;
};

}  // namespace

std::string bash_completion(const ProgramDoc& program) {
  Words words;
  std::string cases;
  for (const VerbDoc& verb : program.verbs) {
    words.add(verb.name);
    cases += case_of(verb);
  }
  return fmt::format(
      "{}  local verb=${{COMP_WORDS[1]}}\n"
      "  if ((COMP_CWORD == 1)); then verb= words=\"{} --help --version\"; fi\n"
      "  case $verb in\n{}  esac\n"
      "  case $verb in\n{}  esac\n{}",
      kOpening, fmt::join(words.first, " "), words.second_cases(), cases, kClosing);
}

}  // namespace imgmill::cli
