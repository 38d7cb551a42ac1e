#include "http/status_json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "db/words.h"

namespace imgmill {
namespace {

std::string_view webhook_word(WebhookState state) {
  switch (state) {
    case WebhookState::kNotSent:
      return "not_sent";
    case WebhookState::kSent:
      return "sent";
    case WebhookState::kFailed:
      return "failed";
  }
  return "not_sent";
}

std::string time_or_null(std::optional<Time> time) {
  return time ? fmt::format("\"{}\"", format_time(*time)) : "null";
}

std::string bound_or_null(std::uint64_t bound) {
  return bound == 0 ? "null" : fmt::to_string(bound);
}

std::string quality_json(int quality) {
  return quality == kQualityAuto ? fmt::format("\"{}\"", kQualityAutoWord)
                                 : fmt::to_string(quality);
}

// At the pace of this run so far, in whole seconds; "null" before its first image is done.
std::string eta_seconds(const Batch& batch, Time now) {
  const BatchCounts& counts = batch.counts;
  const std::uint64_t done = counts.processed - std::min(batch.processed_before, counts.processed);
  if (is_final(batch.state) || !batch.started_at || done == 0) return "null";
  const double elapsed_s =
      std::chrono::duration<double>(std::max(now - *batch.started_at, Micros(0))).count();
  const auto left = static_cast<double>(counts.placements - counts.processed);
  return fmt::to_string(std::llround(std::ceil(elapsed_s * left / static_cast<double>(done))));
}

}  // namespace

std::string_view status_word(const Batch& batch) { return word_of(status_of(batch)); }

std::string percentage(const Batch& batch) {
  const std::uint64_t total = std::max<std::uint64_t>(batch.counts.placements, 1);
  std::uint64_t hundredths = (batch.counts.processed * 10'000 + total / 2) / total;
  if (!is_final(batch.state)) hundredths = std::min<std::uint64_t>(hundredths, 9'999);
  const std::uint64_t fraction = hundredths % 100;
  return fraction % 10 == 0 ? fmt::format("{}.{}", hundredths / 100, fraction / 10)
                            : fmt::format("{}.{:02}", hundredths / 100, fraction);
}

// By hand: a JSON library would print 45.0 as 45 or 4.5E1. Nothing here needs an escape.
std::string status_json(const Batch& batch, Time now) {
  const BatchCounts& counts = batch.counts;
  std::string out;
  out.reserve(768);
  auto end = std::back_inserter(out);
  fmt::format_to(end, R"({{"request_id": "{}", "status": "{}", "completion_percentage": {}, )",
                 batch.request_id, status_word(batch), percentage(batch));
  fmt::format_to(end, R"("created_at": "{}", "updated_at": "{}", )", format_time(batch.created_at),
                 format_time(batch.updated_at));
  fmt::format_to(end, R"("total_images": {}, "processed_images": {}, "webhook_status": "{}", )",
                 counts.placements, counts.processed, webhook_word(batch.webhook_state));
  fmt::format_to(end, R"("failed_images": {}, "bytes_in": {}, "bytes_out": {}, )", counts.failed,
                 counts.bytes_in, counts.bytes_out);
  fmt::format_to(end, R"("finished_at": {}, "eta_seconds": {}, )", time_or_null(batch.finished_at),
                 eta_seconds(batch, now));
  const Recipe& recipe = batch.recipe;
  fmt::format_to(end, R"("options": {{"quality": {}, "format": "{}", )",
                 quality_json(recipe.quality),
                 recipe.format ? names_of(*recipe.format).name : "keep");
  fmt::format_to(end, R"("max_width": {}, "max_height": {}, "max_bytes": {}}}}})",
                 bound_or_null(recipe.max_width), bound_or_null(recipe.max_height),
                 bound_or_null(recipe.max_bytes));
  return out;
}

}  // namespace imgmill
