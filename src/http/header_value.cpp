#include "http/header_value.h"

#include <algorithm>

namespace imgmill {
namespace {

// Takes a quoted string off the front of `rest`, which begins with its quote. A backslash escapes
// only a quote or a backslash: browsers send file names like "C:\a.csv" as they are.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    const bool escape = rest[i] == '\\' && i + 1 < rest.size();
    if (escape && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
    value += rest[i];
  }
  return std::nullopt;
}

std::optional<std::string> take_value(std::string_view& rest) {
  rest = trimmed(rest);
  if (rest.starts_with('"')) return take_quoted(rest);
  const std::size_t end = std::min(rest.find(';'), rest.size());
  std::string value(trimmed(rest.substr(0, end)));
  rest.remove_prefix(end);
  return value;
}

}  // namespace

std::string_view main_value(std::string_view field) {
  return trimmed(field.substr(0, field.find(';')));
}

std::optional<std::string> parameter(std::string_view field, std::string_view name) {
  std::size_t semicolon = field.find(';');
  while (semicolon != field.npos) {
    std::string_view rest = field.substr(semicolon + 1);
    const std::size_t equals = rest.find_first_of("=;");
    if (equals == rest.npos) return std::nullopt;
    if (rest[equals] == ';') {  // a parameter without a value
      field = rest.substr(equals);
      semicolon = 0;
      continue;
    }
    const std::string_view found = trimmed(rest.substr(0, equals));
    rest.remove_prefix(equals + 1);
    auto value = take_value(rest);
    if (!value || equal_ignoring_case(found, name)) return value;
    field = rest;
    semicolon = field.find(';');
  }
  return std::nullopt;
}

bool accepts_coding(std::string_view field, std::string_view coding) {
  while (!field.empty()) {
    const std::size_t comma = std::min(field.find(','), field.size());
    const std::string_view one = field.substr(0, comma);
    if (equal_ignoring_case(main_value(one), coding)) {
      const auto weight = parameter(one, "q");
      return !weight || weight->find_first_not_of("0.") != weight->npos;
    }
    field.remove_prefix(std::min(comma + 1, field.size()));
  }
  return false;
}

}  // namespace imgmill
