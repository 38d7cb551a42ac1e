// What the verbs say to people, on stderr, and to scripts, on stdout. Messages are best effort: a
// stderr that takes nothing changes no exit status.
#pragma once

#include <string_view>

#include "base/error.h"
#include "cli/verbs.h"

namespace imgmill::cli {

// "imgmill: …" on stderr, a line or several, fit for a terminal whatever names are in it.
void say(std::string_view text);
// Says it; the exit status it means: kUsage for kInvalid, else kFailed.
[[nodiscard]] int say_error(const Error& error);
// On stderr, with what moves a terminal's cursor.
void draw(std::string_view text);
// kIo when stdout does not take it: a full disk, or nobody reads it.
[[nodiscard]] Result<void> print_result(std::string_view text);
// Prints it; kAllWell, or says why not: results that could not be written were not given.
[[nodiscard]] int printed(std::string_view text);

}  // namespace imgmill::cli
