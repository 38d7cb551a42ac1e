// The CSV of a batch as it was uploaded, in the store.
#pragma once

#include <memory>

#include "db/db.h"
#include "objects/object_store.h"

namespace imgmill {

// Blocks. kNotFound when the batch was deleted meanwhile, kCorrupt when it is there and its CSV is
// not.
[[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_stored_csv(const Batch& batch, Db& db,
                                                                    ObjectStore& objects);

}  // namespace imgmill
