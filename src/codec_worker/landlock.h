// Landlock with no rule at all: no path can be opened, made, moved or removed, no TCP port bound or
// connected to, no signal sent and no abstract socket reached outside of us, as far as this kernel
// knows these rights.
#pragma once

#include <expected>

namespace imgmill::codec_worker {

// True: it stands. False: this kernel has none. errno when the kernel has it and refuses.
[[nodiscard]] std::expected<bool, int> deny_by_landlock();

}  // namespace imgmill::codec_worker
