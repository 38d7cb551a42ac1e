// The CSV of the images of a final batch that failed or were cancelled: the stored CSV read again
// and joined with the reasons, block by block, never whole in memory (intake/failure_writer.h).
//
// Blocks: call next_block() through run_on(). One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "db/db.h"
#include "intake/sheet_reader.h"
#include "objects/object_store.h"

namespace imgmill {

class FailuresCsv {
 public:
  [[nodiscard]] static Result<std::unique_ptr<FailuresCsv>> open(const Batch& batch,
                                                                 SheetRules rules, Db& db,
                                                                 ObjectStore& objects);
  ~FailuresCsv();

  // Replaces `out` with the next 64 KB or so; empty at the end. kConflict when the batch was
  // retried or deleted meanwhile.
  [[nodiscard]] Result<void> next_block(std::string& out);

 private:
  class Impl;
  explicit FailuresCsv(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
