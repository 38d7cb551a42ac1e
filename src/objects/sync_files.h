// Many objects and the folders they stand in made to survive a power cut, with about one wait for
// the disk. Includes base only.
#pragma once

#include <span>
#include <string>

#include "objects/folders.h"
#include "objects/parallel_sync.h"

namespace imgmill {

// On success the bytes and the names of all these are on the disk. kNotFound, kNoSpace, kIo. Any
// thread.
[[nodiscard]] Result<void> sync_files(const Folders& folders, ParallelSync& sync,
                                      std::span<const std::string> keys);

}  // namespace imgmill
