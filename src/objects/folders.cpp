#include "objects/folders.h"

#include <cerrno>
#include <cstddef>
#include <sys/stat.h>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace imgmill {
namespace {

// One for each batch that is written at the moment; all are dropped when there are more.
constexpr std::size_t kKnownMax = 64;
// How often a folder may be removed by others between making and opening it.
constexpr int kTriesMax = 100;
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct FirstAndRest {
  std::string first;
  std::string_view rest;
};

FirstAndRest split_first(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == path.npos) return {std::string(path), {}};
  return {std::string(path.substr(0, slash)), path.substr(slash + 1)};
}

}  // namespace

ParentAndName split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Result<FolderHandle> Folders::open(std::string_view path) const {
  FolderHandle folder = root_;
  while (!path.empty()) {
    const auto [first, rest] = split_first(path);
    UniqueFd next(::openat(folder->get(), first.c_str(), kFolderFlags));
    if (!next && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
      return fail(ErrorCode::kNotFound, "no such folder", first);
    }
    if (!next) return fail_errno(errno, "a folder of the store cannot be opened", first);
    folder = std::make_shared<const UniqueFd>(std::move(next));
    path = rest;
  }
  return folder;
}

Result<FolderHandle> Folders::make(std::string_view path) {
  if (path.empty()) return root_;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(path); found != known_.end()) return found->second;
  }
  Result<FolderHandle> made = make_on_disk(path);
  for (int tries = 1; !made && made.error().code == ErrorCode::kNotFound; ++tries) {
    if (tries == kTriesMax) return fail(ErrorCode::kIo, "a folder of the store keeps vanishing");
    made = make_on_disk(path);
  }
  if (!made) return made;
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert_or_assign(std::string(path), *made);
  return made;
}

// Each folder above is synced although this one may have been there: whoever made it may have died
// before that, and a folder nobody synced is lost with all that is in it. Once a folder, not an
// object.
Result<FolderHandle> Folders::make_on_disk(std::string_view path) const {
  static constexpr const char* kWhat = "a folder of the store cannot be made";
  FolderHandle folder = root_;
  while (!path.empty()) {
    const auto [first, rest] = split_first(path);
    if (::mkdirat(folder->get(), first.c_str(), 0755) != 0 && errno != EEXIST) {
      if (errno == ENOENT) return fail(ErrorCode::kNotFound, kWhat, first);
      return fail_errno(errno, kWhat, first);
    }
    UniqueFd next(::openat(folder->get(), first.c_str(), kFolderFlags));
    if (!next && errno == ENOENT) return fail(ErrorCode::kNotFound, kWhat, first);
    if (!next || ::fsync(folder->get()) != 0) return fail_errno(errno, kWhat, first);
    folder = std::make_shared<const UniqueFd>(std::move(next));
    path = rest;
  }
  return folder;
}

void Folders::forget(std::string_view path, const FolderHandle& dead) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(path);
  if (found != known_.end() && found->second == dead) known_.erase(found);
}

void Folders::remove_empty(std::string_view path) {
  while (!path.empty()) {
    const auto [parent_path, name] = split_path(path);
    const Result<FolderHandle> parent = open(parent_path);
    if (!parent) return;
    if (::unlinkat((*parent)->get(), std::string(name).c_str(), AT_REMOVEDIR) != 0) return;
    path = parent_path;
  }
}

}  // namespace imgmill
