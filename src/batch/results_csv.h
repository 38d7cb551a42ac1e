// The results CSV of a final batch: the stored CSV read again and joined with its renditions, block
// by block, never whole in memory. What GET /api/download and `imgmill run` share.
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

class ResultsCsv {
 public:
  // `link_prefix` + a rendition's key is its output URL ("http://localhost:5000/").
  [[nodiscard]] static Result<std::unique_ptr<ResultsCsv>> open(const Batch& batch,
                                                                SheetRules rules,
                                                                std::string link_prefix, Db& db,
                                                                ObjectStore& objects);
  ~ResultsCsv();

  // Replaces `out` with the next 64 KB or so; empty at the end.
  [[nodiscard]] Result<void> next_block(std::string& out);

 private:
  class Impl;
  explicit ResultsCsv(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
