// What is wrong with a command line, in a line: CLI11 asks for what is missing first, and does not
// name a verb or a flag that is none.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace imgmill::cli {

// `app` is what failed to parse with `error`.
[[nodiscard]] std::string complaint(const CLI::App& app, const CLI::ParseError& error);

}  // namespace imgmill::cli
