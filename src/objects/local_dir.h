// The ObjectStore in a local folder: an object is a file, its key the path below the root.
//
// put() writes a file in ".scratch" and renames it, so readers see all or nothing and a killed
// process leaves only scratch, which the next create() sweeps. Several processes may share one
// root. Folders appear with their first object and go with their last. Removals are not synced:
// after a power cut an object that was removed may be there again.
//
// One folder a batch is enough: ext4 (htree), XFS and btrfs find and add names in a large folder at
// the cost of a small one. bench/objects_bench.cpp: the last of 100,000 cost no more than the
// first.
//
// Blocks; thread-safe. Includes base only.
#pragma once

#include <filesystem>
#include <memory>

#include "base/metrics.h"
#include "objects/folders.h"
#include "objects/object_store.h"
#include "objects/parallel_sync.h"
#include "objects/scratch.h"

namespace imgmill {

class LocalDir final : public ObjectStore {
 public:
  // Makes the folder when it is missing. kIo or kNoSpace, with a hint for the operator, when
  // nothing can be written there.
  [[nodiscard]] static Result<std::unique_ptr<LocalDir>> create(std::filesystem::path root);

  Result<void> put(std::string_view key, std::span<const std::byte> bytes) override;
  // Renames when `file` is on the same file system and copies otherwise; `file` is gone either way.
  // A renamed file keeps its mode, owner and group.
  Result<void> put_file(std::string_view key, const std::filesystem::path& file) override;
  Result<void> make_durable(std::span<const std::string> keys) override;
  Result<std::unique_ptr<ObjectReader>> open(std::string_view key) override;
  Result<void> remove(std::string_view key) override;
  // A byte can be written, and limits::kStoreFreeBytesMin and an inode are free; kNoSpace
  // otherwise.
  Result<void> check() override;

 private:
  LocalDir(UniqueFd root, std::unique_ptr<Scratch> scratch);
  [[nodiscard]] Result<FolderHandle> copy_durably(std::string_view key, int source_fd,
                                                  unsigned mode);

  Folders folders_;
  std::unique_ptr<Scratch> scratch_;
  ParallelSync sync_;
  const metrics::Histogram put_time_;
  const metrics::Histogram put_file_time_;
  const metrics::Histogram sync_time_;
};

}  // namespace imgmill
