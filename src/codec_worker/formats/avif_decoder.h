// libheif's way to AV1 frames. Its own decoder starts a thread for every core, which the sandbox
// forbids; this one, on the same dav1d, works in the caller's.
#pragma once

namespace imgmill::codec_worker {

// Once a process; later calls do nothing.
void register_single_threaded_av1();

}  // namespace imgmill::codec_worker
