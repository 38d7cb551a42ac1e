// Ctrl-C and SIGTERM as something to ask for: while one of these lives they end no wait and no
// request by themselves. Threads that are started meanwhile do not get them either.
#pragma once

#include <chrono>

#include <signal.h>

namespace imgmill::cli {

class Interruption {
 public:
  Interruption();
  ~Interruption();  // one that came and was not taken ends the process now
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // True when one has come.
  [[nodiscard]] bool has_come() const;
  // Waits so long, or until one comes: then its number, else 0.
  [[nodiscard]] int wait(std::chrono::milliseconds time);

 private:
  sigset_t signals_{};
  sigset_t before_{};
};

}  // namespace imgmill::cli
