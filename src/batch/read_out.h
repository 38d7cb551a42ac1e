// What all that is read out of a batch over a while has in common: its CSV as it was uploaded, and
// that the batch is still the same at the end. Both block.
#pragma once

#include <memory>

#include "db/db.h"
#include "objects/object_store.h"

namespace imgmill {

// kNotFound when the batch was deleted meanwhile, kCorrupt when it is there and its CSV is not.
[[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_stored_csv(const Batch& batch, Db& db,
                                                                    ObjectStore& objects);

// kConflict when it was retried or deleted since `batch` was read: what came before would not fit
// what comes behind, or look as if nothing had failed.
[[nodiscard]] Result<void> check_unchanged(const Batch& batch, Db& db);

}  // namespace imgmill
