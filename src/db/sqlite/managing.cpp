#include "base/limits.h"
#include "base/test_point.h"
#include "db/sqlite/verbs.h"

namespace imgmill::sqlite {
namespace {

// kNotFound also for a batch that is being received.
Result<ManagedBatch> managed_batch(Connection& db, BatchKey batch) {
  TRY(Statement find, db.query(Query::managed_batch));
  TRY(const bool row, find.bind(batch).step());
  if (!row) return fail(ErrorCode::kNotFound, "there is no such request");
  return ManagedBatch{batch_state_of(find.text(0)), find.integer(1) != 0,
                      find.integer_as<std::uint32_t>(2), !find.is_null(3)};
}

Result<std::uint32_t> cancel_chunks(Connection& db, BatchKey batch, Time now) {
  std::vector<std::uint32_t> chunks;
  {
    TRY(Statement idle, db.query(Query::idle_chunks));
    idle.bind(batch, to_us(now), kSlice / limits::kChunkImages);
    for (;;) {
      TRY(const bool row, idle.step());
      if (!row) break;
      chunks.push_back(idle.integer_as<std::uint32_t>(0));
    }
  }
  TRY(Statement cancel, db.query(Query::cancel_images));
  TRY(Statement end, db.query(Query::end_chunk));
  std::uint32_t images = 0;
  for (const std::uint32_t first : chunks) {
    TRY_VOID(cancel.bind(batch, first, first + limits::kChunkImages - 1).run());
    images += static_cast<std::uint32_t>(db.changes());
    TRY_VOID(end.bind(batch, first).run());
  }
  return images;
}

Result<std::uint32_t> cancel_waiting(Connection& db, BatchKey batch, Time now) {
  struct Waiting {
    std::uint32_t image;
    std::uint32_t tries;
  };
  std::vector<Waiting> waiting;
  {
    TRY(Statement idle, db.query(Query::idle_waiting));
    idle.bind(batch, to_us(now), kSlice);
    for (;;) {
      TRY(const bool row, idle.step());
      if (!row) break;
      waiting.push_back({idle.integer_as<std::uint32_t>(0), idle.integer_as<std::uint32_t>(1)});
    }
  }
  TRY(Statement cancel, db.query(Query::cancel_waiting));
  TRY(Statement drop, db.query(Query::drop_waiting));
  for (const Waiting& one : waiting) {
    TRY_VOID(cancel.bind(batch, one.image, one.tries).run());
    TRY_VOID(drop.bind(batch, one.image).run());
  }
  return static_cast<std::uint32_t>(waiting.size());
}

std::unexpected<Error> still_running(std::string_view hint) {
  return fail(ErrorCode::kConflict, "the request is still being worked on: " + std::string(hint));
}

template <class... Values>
Result<std::int64_t> change_rows(Connection& db, Query query, const Values&... values) {
  TRY(Statement change, db.query(query));
  TRY_VOID(change.bind(values...).run());
  return db.changes();
}

}  // namespace

Result<ManagedBatch> visible_batch(Connection& db, BatchKey batch) {
  TRY(const ManagedBatch managed, managed_batch(db, batch));
  if (managed.deleting) return fail(ErrorCode::kNotFound, "there is no such request");
  return managed;
}

Result<void> mark_cancelled(Connection& db, BatchKey batch, Time now) {
  TRY(const ManagedBatch managed, visible_batch(db, batch));
  if (is_final(managed.state)) {
    return fail(ErrorCode::kConflict, "the request is final already: there is nothing to cancel");
  }
  TRY(Statement mark, db.query(Query::mark_cancelled));
  return mark.bind(batch, to_us(now)).run();
}

Result<std::uint32_t> cancel_slice(Connection& db, BatchKey batch, Time now) {
  TRY(const std::uint32_t queued, cancel_chunks(db, batch, now));
  TRY(const std::uint32_t waiting, cancel_waiting(db, batch, now));
  if (queued + waiting == 0) return 0U;
  TRY_VOID(count_change(db, batch, {.finished = queued + waiting}, now));
  return queued + waiting;
}

Result<Retriable> count_retriable(Connection& db, BatchKey batch) {
  TRY(const ManagedBatch managed, visible_batch(db, batch));
  if (!is_final(managed.state)) return still_running("retry it when it is final");
  TRY(Statement count, db.query(Query::count_retriable));
  TRY_VOID(count.bind(batch).step());
  const Retriable found{managed.retries, count.integer(0), count.integer(1)};
  if (found.images > 0) return found;
  return fail(ErrorCode::kConflict, "no image of the request failed that could be tried again");
}

Result<void> begin_retry(Connection& db, BatchKey batch, const Retriable& counted, Time now) {
  TRY(const ManagedBatch managed, visible_batch(db, batch));
  if (!is_final(managed.state) || managed.retries != counted.retries) {
    return still_running("retry it when it is final");  // somebody was faster
  }
  TRY_VOID(change_rows(db, Query::reopen_batch, batch, counted.images, counted.places, to_us(now)));
  TRY_VOID(change_rows(db, Query::add_turn, batch));
  return {};
}

Result<bool> retry_slice(Connection& db, BatchKey batch) {
  std::int64_t first = 0;
  std::uint32_t attempt = 0;
  {
    TRY(Statement position, db.query(Query::retry_position));
    TRY(const bool row, position.bind(batch).step());
    if (!row) return false;
    first = position.integer(0);
    attempt = position.integer_as<std::uint32_t>(1) * kAttemptsOfRun;
  }
  std::optional<std::int64_t> end;  // whole chunks
  {
    TRY(Statement last, db.query(Query::last_to_retry));
    TRY_VOID(last.bind(batch, first, kSlice).step());
    if (!last.is_null(0)) end = (last.integer(0) / limits::kChunkImages + 1) * limits::kChunkImages;
  }
  if (end) {
    TRY_VOID(
        change_rows(db, Query::queue_retried, batch, first, *end, limits::kChunkImages, attempt));
    TRY_VOID(change_rows(db, Query::forget_retried, batch, first, *end));
  }
  TRY_VOID(change_rows(db, Query::move_retry, batch, end));
  return end.has_value();
}

Result<void> begin_deletion(Connection& db, BatchKey batch) {
  TRY(const ManagedBatch managed, managed_batch(db, batch));
  if (!is_final(managed.state)) {
    return still_running("cancel it, and delete it when it is final");
  }
  for (const Query query : {Query::mark_deleting, Query::erase_attempts, Query::erase_deliveries}) {
    TRY_VOID(change_rows(db, query, batch));
  }
  return {};
}

Result<std::vector<Batch>> find_deleting(Connection& db) {
  TRY(Statement find, db.query(Query::find_deleting));
  return read_batches(find);
}

Result<std::uint32_t> begin_deletions(Connection& db, Time finished_before, std::uint32_t limit) {
  std::vector<BatchKey> expired;
  {
    TRY(Statement find, db.query(Query::find_expired));
    find.bind(to_us(finished_before), limit);
    for (;;) {
      TRY(const bool row, find.step());
      if (!row) break;
      expired.push_back(find.integer(0));
    }
  }
  for (const BatchKey batch : expired) TRY_VOID(begin_deletion(db, batch));
  return static_cast<std::uint32_t>(expired.size());
}

Result<std::vector<StoredRendition>> list_renditions(Connection& db, BatchKey batch,
                                                     std::uint32_t first, std::uint32_t limit) {
  TRY(Statement list, db.query(Query::list_renditions));
  list.bind(batch, first, limit);
  std::vector<StoredRendition> renditions;
  for (;;) {
    TRY(const bool row, list.step());
    if (!row) return renditions;
    renditions.push_back({list.integer_as<std::uint32_t>(0), std::string(list.text(1))});
  }
}

// Table by table.
Result<bool> erase_slice(Connection& db, BatchKey batch) {
  const auto managed = managed_batch(db, batch);
  if (!managed && managed.error().code == ErrorCode::kNotFound) return true;
  if (!managed) return std::unexpected(managed.error());
  if (!managed->deleting) return fail(ErrorCode::kConflict, "the request is not being deleted");
  for (const Query query : {Query::erase_placements, Query::erase_images, Query::erase_outcomes}) {
    TRY(const std::int64_t rows, change_rows(db, query, batch, kSlice));
    if (rows > 0) return false;
  }
  TRY_VOID(change_rows(db, Query::erase_batch, batch));
  return true;
}

}  // namespace imgmill::sqlite
