// Options of the command line whose type is part of them: it stands in --help, and the completion
// and the man page read it again. "FILE", "FOLDER", "N", "a|b|c" for a choice, or another word.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "model/recipe.h"

namespace imgmill::cli {

inline constexpr const char* kFileType = "FILE";
inline constexpr const char* kFolderType = "FOLDER";

CLI::Option* add_text(CLI::App& verb, const char* name, std::string& value, const char* type,
                      const char* doc);
// One of `words`; anything else is a mistake that names them.
CLI::Option* add_choice(CLI::App& verb, const char* name, std::string& value,
                        const std::vector<std::string>& words, const char* doc);

// A whole number from `min` to `max`.
template <class Number>
CLI::Option* add_number(CLI::App& verb, const char* name, Number& value, Number min, Number max,
                        const char* doc) {
  return verb.add_option(name, value, doc)
      ->check(CLI::Range(min, max).description(""))
      ->type_name("N");
}

// Of the recipe, beside the quality.
struct RecipeFlags {
  std::string format;  // empty: not given, keep
  std::uint32_t max_width = 0;
  std::uint32_t max_height = 0;
  std::uint64_t max_bytes = 0;
};

// `flags` lives as long as `verb`.
void add_recipe(CLI::App& verb, RecipeFlags& flags);

}  // namespace imgmill::cli
