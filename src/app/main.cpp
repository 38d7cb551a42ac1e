// The program's start; the verbs and the table of them are in cli/.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "cli/command_line.h"

namespace imgmill {
namespace {

// A picture's bytes come and go a thousand times a second: without this glibc hands each one's
// pages back to the kernel and faults them in again, 0.1 ms of CPU an image (mallopt(3); measured
// by fetch_bench).
void keep_freed_memory() {
  constexpr int kKeepBytes = 64 << 20;
  constexpr int kMapBytes = 32 << 20;
  mallopt(M_TRIM_THRESHOLD, kKeepBytes);
  mallopt(M_MMAP_THRESHOLD, kMapBytes);
}

// Where the caller closed one of 0, 1 and 2, the next file opened would get its number, and what is
// said to people would be written into it. Read-only, so that writing fails and is noticed.
void occupy_standard_descriptors() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDONLY);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO) ::close(fd);
}

}  // namespace
}  // namespace imgmill

int main(int argc, char** argv) {
  imgmill::occupy_standard_descriptors();
  imgmill::keep_freed_memory();
  return imgmill::cli::run_command_line(argc, argv);
}
