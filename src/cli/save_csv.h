// A CSV of the server's, to a file or to stdout, block by block. A file appears or is replaced only
// when all of it is there, and where a link stands it is the one that the link leads to; a device
// or a FIFO is written as it is.
#pragma once

#include <string>

#include "cli/remote.h"

namespace imgmill::cli {

inline constexpr const char* kStdout = "-";

// kInvalid when nothing could be written there; nothing is changed.
[[nodiscard]] Result<void> check_output(const std::string& output);

// Any answer is a value, as of ApiClient; after a 200 all of the CSV is in its place. kCorrupt when
// a 200 is no CSV. kUnavailable and kTimeout mean that it may be tried again.
[[nodiscard]] Result<ApiReply> receive_csv(ApiClient& api, const std::string& target,
                                           const std::string& output);

// All three: checked, received, and any other answer is an error.
[[nodiscard]] Result<void> save_csv(Remote& remote, const std::string& target,
                                    const std::string& output);

}  // namespace imgmill::cli
