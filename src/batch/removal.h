// Removing all that a deleted batch brought: first the objects, then the rows that know of them, so
// that whatever is left after a crash can be found and removed by doing it again. In steps of some
// ten milliseconds, so that nobody waits for a large batch.
//
// Blocks: call step() through run_on(). One thread at a time; two removals of one batch do no harm.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "db/db.h"
#include "objects/object_store.h"

namespace imgmill {

class BatchRemoval {
 public:
  // Db::begin_deletion() was called for it.
  BatchRemoval(Batch batch, Db& db, ObjectStore& objects);

  // True when nothing is left.
  [[nodiscard]] Result<bool> step();

 private:
  [[nodiscard]] Result<bool> remove_objects();

  Batch batch_;
  Db& db_;
  ObjectStore& objects_;
  std::uint32_t next_image_ = 0;
  bool objects_gone_ = false;
};

}  // namespace imgmill
