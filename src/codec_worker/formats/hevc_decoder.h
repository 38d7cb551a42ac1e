// libheif's way to HEVC frames. Its own decoder starts a thread, which the sandbox forbids; this
// one, on the same libde265, works in the caller's.
#pragma once

namespace imgmill::codec_worker {

// Once a process; later calls do nothing.
void register_single_threaded_hevc();

}  // namespace imgmill::codec_worker
