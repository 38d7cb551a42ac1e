// The embedded engine of Db: one file, one writer thread that groups commits, a few readers.
//
// What must not be lost is synced before a verb returns (synchronous=FULL). Two kinds of verb are
// not synced for themselves: appending (the seal syncs all of it) and leases (a power cut ends
// every process that could hold one). They survive the end of the process all the same.
//
// Thread-safe; verbs block.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "db/db.h"

namespace imgmill {

namespace sqlite {
class Readers;
class Writer;
}  // namespace sqlite

struct SqliteOptions {
  std::filesystem::path file;
  int readers = 2;
  // How long a verb waits for another program (a backup, an sqlite3 shell) to let go: then
  // kUnavailable.
  std::chrono::milliseconds busy_timeout{5'000};
  std::string vfs = {};  // the SQLite VFS to use; tests of faults name their own
};

class SqliteDb final : public Db {
 public:
  // Opens or makes the file and brings its schema up to date. kIo when it cannot be written,
  // kConflict when it belongs to a newer version or another program, kCorrupt when it is damaged;
  // the text says which, the detail names the file.
  [[nodiscard]] static Result<std::unique_ptr<SqliteDb>> open(SqliteOptions options,
                                                              const Clock& clock);
  ~SqliteDb() override;

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
  SqliteDb(std::unique_ptr<sqlite::Writer> writer, std::unique_ptr<sqlite::Readers> readers,
           const Clock& clock);
  [[nodiscard]] Result<void> queue_retried(BatchKey batch);

  const Clock& clock_;
  // The writer ends last: as the last connection it puts the WAL into the file.
  std::unique_ptr<sqlite::Writer> writer_;
  std::unique_ptr<sqlite::Readers> readers_;
};

}  // namespace imgmill
