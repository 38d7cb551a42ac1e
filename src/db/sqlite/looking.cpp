#include <utility>

#include "base/check.h"
#include "db/sqlite/verbs.h"

namespace imgmill::sqlite {
namespace {

WebhookState webhook_state_of(std::string_view word) {
  if (word == "sent") return WebhookState::kSent;
  if (word == "failed") return WebhookState::kFailed;
  return WebhookState::kNotSent;
}

std::optional<Time> time_or_null(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return from_us(row.integer(column));
}

}  // namespace

Batch read_batch(const Statement& row) {
  Batch batch;
  batch.key = row.integer(0);
  batch.request_id = row.text(1);
  batch.state = batch_state_of(row.text(2));
  batch.recipe = {.quality = row.integer_as<int>(3),
                  .format = format_named(row.text(16)),
                  .max_width = row.integer_as<std::uint32_t>(17),
                  .max_height = row.integer_as<std::uint32_t>(18),
                  .max_bytes = row.integer_as<std::uint64_t>(19)};
  batch.csv_key = row.text(4);
  if (!row.is_null(5)) batch.webhook_url = row.text(5);
  batch.webhook_state = webhook_state_of(row.text(6));
  batch.counts = {row.integer_as<std::uint64_t>(7), row.integer_as<std::uint64_t>(8),
                  row.integer_as<std::uint64_t>(9), row.integer_as<std::uint64_t>(10),
                  row.integer_as<std::uint64_t>(11)};
  batch.created_at = from_us(row.integer(12));
  batch.updated_at = from_us(row.integer(13));
  batch.started_at = time_or_null(row, 14);
  batch.finished_at = time_or_null(row, 15);
  batch.processed_before = row.integer_as<std::uint64_t>(20);
  if (!row.is_null(21)) batch.owner = row.integer(21);
  return batch;
}

Result<std::vector<Batch>> read_batches(Statement& query) {
  std::vector<Batch> batches;
  for (;;) {
    TRY(const bool row, query.step());
    if (!row) return batches;
    batches.push_back(read_batch(query));
  }
}

BatchState batch_state_of(std::string_view word) {
  if (word == "receiving") return BatchState::kReceiving;
  if (word == "sealed") return BatchState::kSealed;
  if (word == "completed") return BatchState::kCompleted;
  if (word == "failed") return BatchState::kFailed;
  CHECK(word == "cancelled");  // the schema allows no other
  return BatchState::kCancelled;
}

Result<std::vector<Batch>> find_receiving(Connection& db, Time opened_before) {
  TRY(Statement find, db.query(Query::find_receiving));
  find.bind(to_us(opened_before));
  return read_batches(find);
}

Result<std::optional<Batch>> find_batch(Connection& db, std::string_view request_id) {
  TRY(Statement find, db.query(Query::find_batch));
  TRY(const bool row, find.bind(request_id).step());
  if (!row) return std::nullopt;
  return read_batch(find);
}

Result<std::vector<PlacementOutput>> list_outputs(Connection& db, BatchKey batch,
                                                  std::uint64_t first, std::uint32_t limit) {
  TRY(Statement list, db.query(Query::list_outputs));
  list.bind(batch, first, limit);
  std::vector<PlacementOutput> outputs;
  for (;;) {
    TRY(const bool row, list.step());
    if (!row) return outputs;
    outputs.push_back({list.integer_as<std::uint32_t>(0), list.integer_as<std::uint32_t>(1),
                       std::string(list.text(2))});
  }
}

Result<std::vector<PlacementFailure>> list_failures(Connection& db, BatchKey batch,
                                                    std::uint64_t first, std::uint32_t limit) {
  TRY(Statement list, db.query(Query::list_failures));
  list.bind(batch, first, limit);
  std::vector<PlacementFailure> failures;
  for (;;) {
    TRY(const bool row, list.step());
    if (!row) return failures;
    auto fault = fault_of(list.text(4), std::string(list.text(5)));
    if (!fault) return fail(ErrorCode::kCorrupt, "the database has a fault code nobody knows");
    failures.push_back({.placement = list.integer_as<std::uint64_t>(0),
                        .row = list.integer_as<std::uint32_t>(1),
                        .position = list.integer_as<std::uint32_t>(2),
                        .url = std::string(list.text(3)),
                        .fault = *std::move(fault)});
  }
}

}  // namespace imgmill::sqlite
