#include "cli/say.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "cli/human_text.h"

namespace imgmill::cli {

void say(std::string_view text) { draw(fmt::format("imgmill: {}\n", printable_lines(text))); }

int say_error(const Error& error) {
  say(describe(error));
  return error.code == ErrorCode::kInvalid ? kUsage : kFailed;
}

void draw(std::string_view text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

Result<void> print_result(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return {};
  }
  return fail_errno(errno, "the result cannot be written to stdout");
}

int printed(std::string_view text) {
  const auto written = print_result(text);
  return written ? kAllWell : say_error(written.error());
}

}  // namespace imgmill::cli
