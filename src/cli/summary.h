// What `imgmill run` says at the end.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "db/db.h"
#include "model/recipe.h"

namespace imgmill::cli {

struct Summary {
  std::uint64_t images = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::chrono::duration<double> elapsed{0};
  std::array<std::uint64_t, kMethodNames.size()> by_method{};  // images, in RenderMethod's order
  std::vector<PlacementFailure> failures;                      // the first kFailuresShown
};

inline constexpr std::uint32_t kFailuresShown = 20;

[[nodiscard]] Result<Summary> summarise(const Batch& batch, Db& db);

// Several lines, the failures with their reasons among them.
[[nodiscard]] std::string as_text(const Summary& summary, const std::filesystem::path& results);
[[nodiscard]] std::string as_json(const Summary& summary, const std::filesystem::path& results);

}  // namespace imgmill::cli
