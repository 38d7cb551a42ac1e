// Many files and their folders made to survive a power cut, with about one wait for the disk.
#pragma once

#include <span>
#include <string>

#include "objects/folders.h"

namespace imgmill {

// On success the bytes and the names of all these are on the disk. kNotFound, kNoSpace, kIo. Any
// thread.
[[nodiscard]] Result<void> sync_files(const Folders& folders, std::span<const std::string> keys);

}  // namespace imgmill
