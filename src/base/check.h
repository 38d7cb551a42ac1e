// CHECK(condition): a bug of ours ends the process with one line, in every build. Never for input.
// Leases make such an end safe: another process, or the next start, does the work again.
#pragma once

namespace imgmill {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition)                               \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::imgmill::check_failed(#condition, __FILE__, __LINE__))
