// The status object of CONTRACT 1.2, its fields in the contract's order. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "db/db.h"

namespace imgmill {

// "pending", "processing", "completed", "failed" or "cancelled".
[[nodiscard]] std::string_view status_word(const Batch& batch);
// "45.0", "33.33": below 100 until the batch is final.
[[nodiscard]] std::string percentage(const Batch& batch);
[[nodiscard]] std::string status_json(const Batch& batch, Time now);

}  // namespace imgmill
