#include "cli/options.h"

#include <fmt/ranges.h>

namespace imgmill::cli {

CLI::Option* add_text(CLI::App& verb, const char* name, std::string& value, const char* type,
                      const char* doc) {
  return verb.add_option(name, value, doc)->type_name(type);
}

CLI::Option* add_choice(CLI::App& verb, const char* name, std::string& value,
                        const std::vector<std::string>& words, const char* doc) {
  return verb.add_option(name, value, doc)
      ->check(CLI::IsMember(words).description(""))
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

void add_recipe(CLI::App& verb, RecipeFlags& flags) {
  std::vector<std::string> formats{"keep"};
  for (const PictureFormat format : kTargetFormats) formats.emplace_back(names_of(format).name);
  add_choice(verb, "--format", flags.format, formats, "of the output images (keep)");
  add_number(verb, "--max-width", flags.max_width, kBoxSideMin, kBoxSideMax,
             "shrink to fit inside, never enlarge");
  add_number(verb, "--max-height", flags.max_height, kBoxSideMin, kBoxSideMax, "as --max-width");
  add_number(verb, "--max-bytes", flags.max_bytes, kBytesBoundMin, kBytesBoundMax,
             "of an output image: its quality falls for it");
}

}  // namespace imgmill::cli
