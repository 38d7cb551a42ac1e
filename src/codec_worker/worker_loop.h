// The child program but for its pictures: takes the parent's hello, puts up the sandbox, says
// ready, then answers one request after the other with what render() (render.h) made of it, until
// the socket ends.
//
// One thread. A program is made of this and of something that defines warm_up() and render().
#pragma once

namespace imgmill::codec_worker {

// The process's exit status (codec_wire::kExit…). Call it first thing in main and _exit with what
// it returns.
[[nodiscard]] int run_worker();

}  // namespace imgmill::codec_worker
