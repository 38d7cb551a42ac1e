#include "cli/say.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

namespace imgmill::cli {

void say(std::string_view text) { fmt::print(stderr, "imgmill: {}\n", text); }

int say_error(const Error& error) {
  say(describe(error));
  return error.code == ErrorCode::kInvalid ? kUsage : kFailed;
}

Result<void> print_result(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return {};
  }
  return fail_errno(errno, "the result cannot be written to stdout");
}

}  // namespace imgmill::cli
