// A CSV of the server's, to a file or to stdout, block by block.
#pragma once

#include <string>

#include "cli/remote.h"

namespace imgmill::cli {

inline constexpr const char* kStdout = "-";

// `output`: a file, which appears or is replaced only when all of it is there; or kStdout.
[[nodiscard]] Result<void> save_csv(Remote& remote, const std::string& target,
                                    const std::string& output);

}  // namespace imgmill::cli
