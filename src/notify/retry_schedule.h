// What becomes of a delivery after an attempt: delivered, to be tried again at a time, or dead.
//
// Any 2xx is success and a 410 says never again. An address that can be no URL stays one, so that
// is dead at once too. Everything else is tried again on the schedule, a blocked address as well:
// no byte has left, the name may answer with another address next time, or the operator may allow
// the net meanwhile, and a webhook given up at once would be lost for a slip in a setting.
//
// Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "db/db.h"
#include "fetch/fetcher.h"

namespace imgmill {

struct NextStep {
  DeliveryVerdict verdict = DeliveryVerdict::kTryAgain;
  std::chrono::microseconds pause{0};  // of kTryAgain
};

// `attempt` counts from 1; after the n-th the n-th pause of the schedule is due, and after the last
// attempt none is left. The pause is stretched by `jitter`, 0.8 to 1.2.
[[nodiscard]] NextStep next_step(const PostOutcome& outcome, std::uint32_t attempt,
                                 std::span<const std::chrono::seconds> schedule, double jitter);

// Why the attempt failed, one public sentence; empty when it did not.
[[nodiscard]] std::string failure_of(const PostOutcome& outcome);

}  // namespace imgmill
