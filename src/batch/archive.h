// The ZIP archive of a final batch: `results.csv`, then each placement's rendition in CSV order
// (archive_name.h); a rendition in several places stands there several times. Made while it is
// sent, block by block, without a copy on the disk. What cannot be read ends it: no archive that
// looks whole lacks a picture.
//
// Blocks: call next_block() through run_on(). One thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "db/db.h"
#include "objects/object_store.h"

namespace imgmill {

struct ArchivePlace {
  std::string link_prefix;             // of the URLs in results.csv, as for ResultsCsv
  std::filesystem::path spool_folder;  // for the directory of a very large archive
};

class BatchArchive {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BatchArchive>> open(const Batch& batch,
                                                                  ArchivePlace place, Db& db,
                                                                  ObjectStore& objects);
  ~BatchArchive();

  // Replaces `out` with the next 256 to 512 KB; empty at the end. kConflict when the batch was
  // retried or deleted meanwhile, kCorrupt when a rendition is not there.
  [[nodiscard]] Result<void> next_block(std::string& out);

 private:
  class Impl;
  explicit BatchArchive(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
