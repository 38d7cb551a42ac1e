// The system calls a decoder may make: memory, threads of its own, time, and its one socket.
// Anything else ends the process with SIGSYS.
#pragma once

#include <expected>

namespace imgmill::codec_worker {

// errno on failure; then nothing is filtered.
[[nodiscard]] std::expected<void, int> filter_system_calls();

}  // namespace imgmill::codec_worker
