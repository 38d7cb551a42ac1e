#include "http/status_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

Batch batch_with(BatchState state, std::uint64_t processed, std::uint64_t total) {
  Batch batch;
  batch.request_id = "550e8400-e29b-41d4-a716-446655440000";
  batch.state = state;
  batch.counts.processed = processed;
  batch.counts.placements = total;
  batch.created_at = from_us(1'673'793'012'123'456);
  batch.updated_at = from_us(1'673'793'322'654'321);
  return batch;
}

std::string percent(BatchState state, std::uint64_t processed, std::uint64_t total) {
  return percentage(batch_with(state, processed, total));
}

TEST(StatusJson, EveryFieldInTheContractsOrder) {
  Batch batch = batch_with(BatchState::kSealed, 9, 20);
  batch.started_at = batch.created_at;
  batch.counts.failed = 1;
  batch.counts.bytes_in = 900;
  batch.counts.bytes_out = 400;
  EXPECT_EQ(
      status_json(batch, batch.created_at + Micros(90'000'000)),
      R"({"request_id": "550e8400-e29b-41d4-a716-446655440000", "status": "processing", )"
      R"("completion_percentage": 45.0, "created_at": "2023-01-15T14:30:12.123456", )"
      R"("updated_at": "2023-01-15T14:35:22.654321", "total_images": 20, "processed_images": 9, )"
      R"("webhook_status": "not_sent", "failed_images": 1, "bytes_in": 900, "bytes_out": 400, )"
      R"("finished_at": null, "eta_seconds": 110, "options": {"quality": 50, "format": "keep", )"
      R"("max_width": null, "max_height": null, "max_bytes": null}})");
}

TEST(StatusJson, OptionsAreTheRecipe) {
  Batch batch = batch_with(BatchState::kSealed, 20, 0);
  batch.recipe = {.quality = kQualityAuto,
                  .format = PictureFormat::kAvif,
                  .max_width = 800,
                  .max_height = 16'384,
                  .max_bytes = 200'000};
  EXPECT_THAT(
      status_json(batch, batch.created_at),
      testing::HasSubstr(R"("options": {"quality": "auto", "format": "avif", )"
                         R"("max_width": 800, "max_height": 16384, "max_bytes": 200000}})"));
}

TEST(StatusJson, WhenFinal) {
  Batch batch = batch_with(BatchState::kCompleted, 20, 20);
  batch.started_at = batch.created_at;
  batch.finished_at = batch.updated_at;
  batch.webhook_state = WebhookState::kFailed;
  const std::string json = status_json(batch, batch.updated_at);
  EXPECT_TRUE(json.contains(R"("finished_at": "2023-01-15T14:35:22.654321", "eta_seconds": null)"));
  EXPECT_TRUE(json.contains(R"("webhook_status": "failed")"));
}

TEST(StatusWord, OfEveryState) {
  Batch batch = batch_with(BatchState::kSealed, 0, 3);
  EXPECT_EQ(status_word(batch), "pending");
  batch.started_at = batch.created_at;
  EXPECT_EQ(status_word(batch), "processing");
  EXPECT_EQ(status_word(batch_with(BatchState::kSealed, 1, 3)), "processing");
  EXPECT_EQ(status_word(batch_with(BatchState::kCompleted, 3, 3)), "completed");
  EXPECT_EQ(status_word(batch_with(BatchState::kFailed, 3, 3)), "failed");
  EXPECT_EQ(status_word(batch_with(BatchState::kCancelled, 1, 3)), "cancelled");
}

TEST(StatusJson, TheTimeLeftIsOfTheRunUnderWay) {
  Batch batch = batch_with(BatchState::kSealed, 95, 100);
  batch.started_at = batch.created_at;
  batch.processed_before = 90;
  EXPECT_TRUE(
      status_json(batch, batch.created_at + Micros(10'000'000)).contains(R"("eta_seconds": 10,)"));
  batch.processed_before = 95;
  EXPECT_TRUE(status_json(batch, batch.created_at + Micros(10'000'000))
                  .contains(R"("eta_seconds": null,)"));
}

TEST(Percentage, TwoDecimalsAndAHundredOnlyAtTheEnd) {
  EXPECT_EQ(percent(BatchState::kSealed, 0, 3), "0.0");
  EXPECT_EQ(percent(BatchState::kSealed, 1, 3), "33.33");
  EXPECT_EQ(percent(BatchState::kSealed, 2, 3), "66.67");
  EXPECT_EQ(percent(BatchState::kSealed, 1, 8), "12.5");
  EXPECT_EQ(percent(BatchState::kSealed, 3, 3), "99.99");
  EXPECT_EQ(percent(BatchState::kSealed, 999'999, 1'000'000), "99.99");
  EXPECT_EQ(percent(BatchState::kSealed, 1, 1'000'000), "0.0");
  EXPECT_EQ(percent(BatchState::kSealed, 7, 10'000), "0.07");
  EXPECT_EQ(percent(BatchState::kCompleted, 3, 3), "100.0");
  EXPECT_EQ(percent(BatchState::kCancelled, 1, 4), "25.0");
}

}  // namespace
}  // namespace imgmill
