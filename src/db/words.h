// The contract's words for what the database keeps, the same in the API, the webhooks, the log, the
// metrics and the queries. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "db/db.h"

namespace imgmill {

// "pending", "processing", "completed", "failed" or "cancelled".
[[nodiscard]] std::string_view word_of(BatchStatus status);
[[nodiscard]] std::optional<BatchStatus> batch_status_named(std::string_view word);
// Of a state that is final.
[[nodiscard]] std::string_view word_of_final(BatchState state);

// "pending", "processing", "completed" or "failed".
[[nodiscard]] std::string_view word_of(ImageStatus status);
[[nodiscard]] std::optional<ImageStatus> image_status_named(std::string_view word);

}  // namespace imgmill
