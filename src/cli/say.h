// What the verbs say to people, on stderr, and to scripts, on stdout.
#pragma once

#include <string_view>

#include "base/error.h"
#include "cli/verbs.h"

namespace imgmill::cli {

// "imgmill: …" on stderr.
void say(std::string_view text);
// Says it; the exit status it means: kUsage for kInvalid, else kFailed.
[[nodiscard]] int say_error(const Error& error);
// kIo when stdout does not take it: a full disk, or nobody reads it.
[[nodiscard]] Result<void> print_result(std::string_view text);

}  // namespace imgmill::cli
