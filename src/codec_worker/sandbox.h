// The walls around a decoder, from the inside: each function puts one up, for ever. The order, and
// why it is this one, stands in worker_loop.cpp.
//
// One thread; before the first byte of a picture is seen. Includes codec/wire.h only.
#pragma once

#include <cstdint>
#include <expected>

#include "codec/wire.h"

namespace imgmill::codec_worker {

struct SetupFailure {
  codec_wire::SetupStep step = codec_wire::SetupStep::kNone;
  int error_number = 0;
};

using Setup = std::expected<void, SetupFailure>;

// Everything above the socket and the arena.
[[nodiscard]] Setup close_descriptors();

// From now on the kernel kills us when the parent's thread ends; false when it is gone already.
[[nodiscard]] bool die_with_parent(std::uint32_t parent_pid);

// Address space, CPU seconds of the whole life, no file growth, no core.
[[nodiscard]] Setup limit_resources(std::uint64_t memory_bytes_max, std::uint32_t cpu_seconds_max);

// An empty network namespace. False where the system does not let us: seccomp stands behind it.
[[nodiscard]] bool leave_network();

// No new privileges by exec, no capabilities, not to be inspected by other processes of our user.
[[nodiscard]] Setup give_up_privileges();

// Not one descriptor more than is open.
[[nodiscard]] Setup forbid_descriptors();

}  // namespace imgmill::codec_worker
