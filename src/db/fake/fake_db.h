// A Db in memory, for the unit tests of other rooms. It passes the same contract suite as the real
// engines, keeps nothing on disk and is meant for thousands of images, not millions.
//
// Thread-safe: one mutex around everything.
#pragma once

#include <memory>
#include <string_view>

#include "db/db.h"

namespace imgmill {

namespace fake {
class Memory;
}

class FakeDb final : public Db {
 public:
  FakeDb();
  ~FakeDb() override;

  // The next call of `verb` ("finish_images"), or of any verb when it is empty, changes nothing and
  // returns `error`. Calls add up: two fail_next() fail two calls.
  void fail_next(Error error, std::string_view verb = {});

  [[nodiscard]] Result<BatchKey> open_batch(const NewBatch& batch, Time now) override;
  [[nodiscard]] Result<void> append_images(BatchKey batch, std::span<const NewImage> images,
                                           std::span<const NewPlacement> placements) override;
  [[nodiscard]] Result<void> seal_batch(BatchKey batch, Time now) override;
  [[nodiscard]] Result<void> discard_batch(BatchKey batch) override;
  [[nodiscard]] Result<std::vector<Batch>> find_receiving(Time opened_before) override;
  [[nodiscard]] Result<std::optional<Batch>> find_batch(std::string_view request_id) override;
  [[nodiscard]] Result<std::vector<PlacementOutput>> list_outputs(BatchKey batch,
                                                                  std::uint64_t first,
                                                                  std::uint32_t limit) override;
  [[nodiscard]] Result<std::vector<PlacementFailure>> list_failures(BatchKey batch,
                                                                    std::uint64_t first,
                                                                    std::uint32_t limit) override;
  [[nodiscard]] Result<std::vector<Batch>> list_batches(std::optional<BatchStatus> only,
                                                        std::optional<BatchKey> before,
                                                        std::uint32_t limit) override;
  [[nodiscard]] Result<PlacementPage> list_placements(BatchKey batch,
                                                      std::optional<ImageStatus> only,
                                                      std::uint64_t first,
                                                      std::uint32_t limit) override;
  [[nodiscard]] Result<void> cancel_batch(BatchKey batch, Time now) override;
  [[nodiscard]] Result<void> retry_batch(BatchKey batch, Time now) override;
  [[nodiscard]] Result<void> begin_deletion(BatchKey batch) override;
  [[nodiscard]] Result<std::vector<Batch>> find_deleting() override;
  [[nodiscard]] Result<std::uint32_t> begin_deletions(Time finished_before,
                                                      std::uint32_t limit) override;
  [[nodiscard]] Result<std::vector<StoredRendition>> list_renditions(BatchKey batch,
                                                                     std::uint32_t first,
                                                                     std::uint32_t limit) override;
  [[nodiscard]] Result<bool> erase_slice(BatchKey batch) override;
  [[nodiscard]] Result<std::vector<Lease>> lease_images(std::string_view owner,
                                                        std::uint32_t images_max,
                                                        std::span<const BatchKey> skip, Time now,
                                                        Time until) override;
  [[nodiscard]] Result<void> extend_leases(std::span<const LeaseId> leases, Time until) override;
  [[nodiscard]] Result<FinishReport> finish_images(std::span<const Outcome> outcomes,
                                                   Time now) override;
  [[nodiscard]] Result<void> release_leases(std::string_view owner) override;
  [[nodiscard]] Result<std::vector<Delivery>> lease_deliveries(std::string_view owner,
                                                               std::uint32_t limit, Time now,
                                                               Time until) override;
  [[nodiscard]] Result<void> finish_delivery(const Delivery& delivery,
                                             const DeliveryAttempt& attempt,
                                             DeliveryVerdict verdict, std::optional<Time> again_at,
                                             Time now) override;
  [[nodiscard]] Result<std::vector<RecordedAttempt>> list_attempts(BatchKey batch,
                                                                   std::uint32_t limit) override;
  [[nodiscard]] Result<void> redeliver(BatchKey batch, Time now) override;
  [[nodiscard]] Result<void> check() override;

 private:
  std::unique_ptr<fake::Memory> memory_;
};

}  // namespace imgmill
