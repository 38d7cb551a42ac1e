// What a look at a URL finds: the first bytes of what a download would bring.
#pragma once

#include <cstdint>
#include <optional>

#include "fetch/fetcher.h"

namespace imgmill {

struct Peeked {
  FetchOutcome outcome{};                      // its body is the front
  int http_status = 0;                         // of the last answer; 0: there was none
  std::optional<std::uint64_t> whole_bytes{};  // of the body, where it was announced or read whole
};

}  // namespace imgmill
