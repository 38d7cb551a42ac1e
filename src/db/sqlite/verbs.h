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

// deliveries.cpp
// For a batch that has just become final; nothing when it has no webhook.
[[nodiscard]] Result<void> add_delivery(Connection& db, BatchKey batch);
[[nodiscard]] Result<std::vector<Delivery>> lease_deliveries(Connection& db, std::string_view owner,
                                                             std::uint32_t limit, Time now,
                                                             Time until);
[[nodiscard]] Result<void> finish_delivery(Connection& db, const Delivery& delivery,
                                           const DeliveryAttempt& attempt, DeliveryVerdict verdict,
                                           std::optional<Time> again_at, Time now);
[[nodiscard]] Result<std::vector<DeliveryAttempt>> list_attempts(Connection& db,
                                                                 std::string_view request_id);

}  // namespace imgmill::sqlite
