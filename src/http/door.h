// A listener's side of its sessions: what is answered to those who come in by it.
#pragma once

#include <cstdint>
#include <string_view>

namespace imgmill {

enum class Door : std::uint8_t {
  kMain,     // everything; /metrics to clients of this machine alone
  kPublic,   // everything but /metrics, which has a door of its own
  kMetrics,  // /metrics and the health of the process
};

inline constexpr std::string_view kMetricsRoute = "/metrics";
inline constexpr std::string_view kHealthRoute = "/healthz";

// Whether what the router found is behind this door.
[[nodiscard]] constexpr bool leads_to(Door door, std::string_view route) {
  return door != Door::kMetrics || route == kMetricsRoute || route == kHealthRoute;
}

}  // namespace imgmill
