// The CSV that a verb is given: a file, or stdin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill::cli {

inline constexpr const char* kStdin = "-";

struct InputCsv {
  UniqueFd fd;
  std::optional<std::uint64_t> size;  // of an ordinary file
  std::string name;

  // Writing there would destroy it.
  [[nodiscard]] bool is_in(const std::string& file) const;
};

// kInvalid, with the reason, when it cannot be read.
[[nodiscard]] Result<InputCsv> open_input(const std::string& csv);

}  // namespace imgmill::cli
