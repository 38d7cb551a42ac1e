// The folders below one root, reached through handles and never through a path: each segment is
// opened with O_NOFOLLOW below the one before, so that nothing, a symbolic link neither, leads out.
//
// Folders come and go while others use them: a handle to a folder that was removed meanwhile
// answers ENOENT, then forget() it and make() it again. Thread-safe. Includes base only.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill {

using FolderHandle = std::shared_ptr<const UniqueFd>;

class Folders {
 public:
  explicit Folders(UniqueFd root) : root_(std::make_shared<const UniqueFd>(std::move(root))) {}

  // "" is the root itself; otherwise "a/b". kNotFound, kIo.
  [[nodiscard]] Result<FolderHandle> open(std::string_view path) const;
  // Makes what is missing. That `path` itself exists survives a power cut; what is in it does not
  // yet. Remembers some handles. kNoSpace, kIo.
  [[nodiscard]] Result<FolderHandle> make(std::string_view path);
  // This handle is dead: the next make() opens another.
  void forget(std::string_view path, const FolderHandle& dead);
  // Removes the folder and those above it, as long as they are empty; stops silently where not.
  void remove_empty(std::string_view path);

 private:
  [[nodiscard]] Result<FolderHandle> make_on_disk(std::string_view path) const;

  const FolderHandle root_;
  std::mutex mutex_;
  std::map<std::string, FolderHandle, std::less<>> known_;
};

struct ParentAndName {
  std::string_view parent;  // "" for what stands in the root
  std::string_view name;
};
[[nodiscard]] ParentAndName split_path(std::string_view path);

}  // namespace imgmill
