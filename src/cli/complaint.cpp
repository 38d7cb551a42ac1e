#include "cli/complaint.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace imgmill::cli {
namespace {

// Letters to add, take away or change, until one word is the other (Levenshtein).
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string suggestion(const CLI::App& app, std::string_view flag) {
  std::string nearest;
  std::size_t nearest_distance = 3;  // more is another word
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      const std::size_t away = distance(flag, "--" + name);
      if (away >= nearest_distance) continue;
      nearest_distance = away;
      nearest = name;
    }
  }
  return nearest.empty() ? "" : fmt::format(": is --{} meant?", nearest);
}

// Of the words that `app` itself could not place; empty when it could.
std::string complaint_of(const CLI::App& app, std::string_view name) {
  const std::vector<std::string> words = app.remaining();
  const auto is_flag = [](const std::string& word) { return word.size() > 1 && word[0] == '-'; };
  const bool has_verbs = !app.get_subcommands([](const CLI::App*) { return true; }).empty();
  if (!words.empty() && has_verbs && !is_flag(words.front())) {
    return fmt::format("\"{}\" is no command{}", words.front(),
                       app.get_parent() == nullptr ? "" : fmt::format(" of {}", name));
  }
  const auto found = std::ranges::find_if(words, is_flag);
  if (found == words.end()) return {};
  const std::string flag = found->substr(0, found->find('='));
  return fmt::format("\"{}\" is no option of {}{}", flag, name, suggestion(app, flag));
}

}  // namespace

std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* reached = &app;
  std::string name = "imgmill";
  while (true) {
    if (std::string text = complaint_of(*reached, name); !text.empty()) return text;
    const auto inner = reached->get_subcommands();
    if (inner.empty()) break;
    const std::string before = reached == &app ? "" : name + " ";
    name = before + inner.front()->get_name();
    reached = inner.front();
  }
  std::string text = error.what();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace imgmill::cli
