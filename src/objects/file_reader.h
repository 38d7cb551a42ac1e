// An object's file, open for reading. Regular files only, and never through a symbolic link.
#pragma once

#include <memory>
#include <string_view>

#include "objects/folders.h"
#include "objects/object_store.h"

namespace imgmill {

// kNotFound, kIo. Any thread.
[[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_file(const Folders& folders,
                                                              std::string_view key);

}  // namespace imgmill
