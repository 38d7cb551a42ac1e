// The verbs of Db, each on a connection on which a transaction is open (or, for the reading ones,
// on a reader). SqliteDb sends them to the Writer or the Readers; nothing else calls them.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "db/db.h"
#include "db/sqlite/connection.h"

namespace imgmill::sqlite {

// Rows of each table that one step of a long verb touches: some 50 ms.
inline constexpr std::uint32_t kSlice = 20'000;

// intake.cpp
[[nodiscard]] Result<BatchKey> open_batch(Connection& db, const NewBatch& batch, Time now);
[[nodiscard]] Result<void> append_images(Connection& db, BatchKey batch,
                                         std::span<const NewImage> images,
                                         std::span<const NewPlacement> placements);
[[nodiscard]] Result<void> seal_batch(Connection& db, BatchKey batch, Time now);
// Removes slice after slice of a batch that is being received, its own row with the last one: true
// when that was it. A large batch so holds up nobody for long, and a crash in between leaves a
// batch that can be discarded again.
[[nodiscard]] Result<bool> discard_slice(Connection& db, BatchKey batch, std::uint32_t slice);

// looking.cpp
[[nodiscard]] Result<std::vector<Batch>> find_receiving(Connection& db, Time opened_before);
[[nodiscard]] Result<std::optional<Batch>> find_batch(Connection& db, std::string_view request_id);
[[nodiscard]] Result<std::vector<PlacementOutput>> list_outputs(Connection& db, BatchKey batch,
                                                                std::uint64_t first,
                                                                std::uint32_t limit);
[[nodiscard]] Result<std::vector<PlacementFailure>> list_failures(Connection& db, BatchKey batch,
                                                                  std::uint64_t first,
                                                                  std::uint32_t limit);
[[nodiscard]] BatchState batch_state_of(std::string_view word);
// A row of any query that selects a whole batch, its columns in their order.
[[nodiscard]] Batch read_batch(const Statement& row);
// The batches of a query that has its values.
[[nodiscard]] Result<std::vector<Batch>> read_batches(Statement& query);

// listing.cpp
[[nodiscard]] Result<std::vector<Batch>> list_batches(Connection& db,
                                                      std::optional<BatchStatus> only,
                                                      std::optional<BatchKey> before,
                                                      std::uint32_t limit);
[[nodiscard]] Result<PlacementPage> list_placements(Connection& db, BatchKey batch,
                                                    std::optional<ImageStatus> only,
                                                    std::uint64_t first, std::uint32_t limit);

// leasing.cpp
[[nodiscard]] Result<std::vector<Lease>> lease_images(Connection& db, std::string_view owner,
                                                      std::uint32_t images_max,
                                                      std::span<const BatchKey> skip, Time now,
                                                      Time until);
[[nodiscard]] Result<void> extend_leases(Connection& db, std::span<const LeaseId> leases,
                                         Time until);
[[nodiscard]] Result<void> release_leases(Connection& db, std::string_view owner);

// finishing.cpp
[[nodiscard]] Result<FinishReport> finish_images(Connection& db, std::span<const Outcome> outcomes,
                                                 Time now);
struct Change {                // of one batch's counters
  std::uint64_t finished = 0;  // images that have an outcome now
  std::uint64_t done = 0;
  std::uint64_t processed = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::optional<Time> due = {};  // the earliest next try
};
// Moves the counters. When no image is left the batch is final here, with its Delivery: then its
// request id.
[[nodiscard]] Result<std::optional<std::string>> count_change(Connection& db, BatchKey batch,
                                                              const Change& change, Time now);
struct TurnFacts {
  bool cancelled = false;
  bool retrying = false;  // not all images are queued again
};
[[nodiscard]] Result<TurnFacts> turn_facts(Connection& db, BatchKey batch);

// managing.cpp
struct ManagedBatch {
  BatchState state = BatchState::kSealed;
  bool deleting = false;
  std::uint32_t retries = 0;
  bool has_webhook = false;
};
// kNotFound for what users cannot see (any more).
[[nodiscard]] Result<ManagedBatch> visible_batch(Connection& db, BatchKey batch);
[[nodiscard]] Result<void> mark_cancelled(Connection& db, BatchKey batch, Time now);
// Cancels a slice of what nobody works on in a batch that is marked, and makes it final with the
// last of its images: how many images it was.
[[nodiscard]] Result<std::uint32_t> cancel_slice(Connection& db, BatchKey batch, Time now);
struct Retriable {
  std::uint32_t retries = 0;  // before
  std::int64_t images = 0;
  std::int64_t places = 0;
};
// On a reader: counting a million takes a second.
[[nodiscard]] Result<Retriable> count_retriable(Connection& db, BatchKey batch);
// kConflict when the batch has changed since it was counted.
[[nodiscard]] Result<void> begin_retry(Connection& db, BatchKey batch, const Retriable& counted,
                                       Time now);
// Queues a slice of a retry that has begun: false when there was none left.
[[nodiscard]] Result<bool> retry_slice(Connection& db, BatchKey batch);
[[nodiscard]] Result<void> begin_deletion(Connection& db, BatchKey batch);
[[nodiscard]] Result<std::vector<Batch>> find_deleting(Connection& db);
[[nodiscard]] Result<std::uint32_t> begin_deletions(Connection& db, Time finished_before,
                                                    std::uint32_t limit);
[[nodiscard]] Result<std::vector<StoredRendition>> list_renditions(Connection& db, BatchKey batch,
                                                                   std::uint32_t first,
                                                                   std::uint32_t limit);
[[nodiscard]] Result<bool> erase_slice(Connection& db, BatchKey batch);

// deliveries.cpp
// For a batch that has just become final; nothing when it has no webhook.
[[nodiscard]] Result<void> add_delivery(Connection& db, BatchKey batch);
[[nodiscard]] Result<std::vector<Delivery>> lease_deliveries(Connection& db, std::string_view owner,
                                                             std::uint32_t limit, Time now,
                                                             Time until);
[[nodiscard]] Result<void> finish_delivery(Connection& db, const Delivery& delivery,
                                           const DeliveryAttempt& attempt, DeliveryVerdict verdict,
                                           std::optional<Time> again_at, Time now);
[[nodiscard]] Result<std::vector<RecordedAttempt>> list_attempts(Connection& db, BatchKey batch,
                                                                 std::uint32_t limit);
[[nodiscard]] Result<void> redeliver(Connection& db, BatchKey batch, Time now);

}  // namespace imgmill::sqlite
