#include "objects/scratch.h"

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/crypto.h"

namespace imgmill {
namespace {

constexpr const char* kScratchName = ".scratch";  // no object key starts with a dot
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::unexpected<Error> cannot(int error_number, std::string detail = {}) {
  if (error_number == ENOSPC || error_number == EDQUOT) {
    return fail_errno(error_number, "the store's disk is full", std::move(detail));
  }
  return fail_errno(error_number, "the store cannot be written", std::move(detail));
}

Result<UniqueFd> make_folder(int parent_fd, const std::string& name) {
  if (::mkdirat(parent_fd, name.c_str(), 0755) != 0 && errno != EEXIST) return cannot(errno, name);
  UniqueFd folder(::openat(parent_fd, name.c_str(), kFolderFlags));
  if (!folder) return cannot(errno, name);
  return folder;
}

std::vector<std::string> names_in(int folder_fd) {
  std::vector<std::string> names;
  DIR* folder = ::fdopendir(::openat(folder_fd, ".", kFolderFlags));
  if (folder == nullptr) return names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(folder);
  return names;
}

void remove_folder(int parent_fd, int folder_fd, const std::string& name) {
  for (const std::string& file : names_in(folder_fd)) ::unlinkat(folder_fd, file.c_str(), 0);
  ::unlinkat(parent_fd, name.c_str(), AT_REMOVEDIR);
}

// A folder whose lock can be had belongs to no living process. What cannot be removed stays: the
// next start tries again.
void sweep(int all_fd) {
  for (const std::string& name : names_in(all_fd)) {
    const UniqueFd folder(::openat(all_fd, name.c_str(), kFolderFlags));
    if (!folder) {
      ::unlinkat(all_fd, name.c_str(), 0);
    } else if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) {
      remove_folder(all_fd, folder.get(), name);
    }
  }
}

}  // namespace

// The lock on ".scratch" itself keeps another process from sweeping our folder before it is locked.
Result<std::unique_ptr<Scratch>> Scratch::create(int root_fd) {
  TRY(UniqueFd all, make_folder(root_fd, kScratchName));
  if (::flock(all.get(), LOCK_EX) != 0) return cannot(errno, "lock of .scratch");
  sweep(all.get());
  std::string own_name = fmt::format("{:016x}", random_u64());
  TRY(UniqueFd own, make_folder(all.get(), own_name));
  if (::flock(own.get(), LOCK_EX | LOCK_NB) != 0) return cannot(errno, "lock of " + own_name);
  if (::flock(all.get(), LOCK_UN) != 0) return cannot(errno, "unlock of .scratch");
  return std::unique_ptr<Scratch>(new Scratch(std::move(all), std::move(own), std::move(own_name)));
}

Scratch::Scratch(UniqueFd all, UniqueFd own, std::string own_name)
    : all_(std::move(all)), own_(std::move(own)), own_name_(std::move(own_name)) {}

Scratch::~Scratch() { remove_folder(all_.get(), own_.get(), own_name_); }

Result<ScratchFile> Scratch::new_file(unsigned mode) {
  std::string name = fmt::format("{:016x}", next_number_.fetch_add(1));
  UniqueFd file(::openat(own_.get(), name.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file) return cannot(errno, name);
  return ScratchFile(own_.get(), std::move(name), std::move(file));
}

ScratchFile::ScratchFile(int folder_fd, std::string name, UniqueFd file)
    : folder_fd_(folder_fd), name_(std::move(name)), file_(std::move(file)) {}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : folder_fd_(other.folder_fd_),
      name_(std::exchange(other.name_, {})),
      file_(std::move(other.file_)) {}

ScratchFile::~ScratchFile() {
  if (!name_.empty()) ::unlinkat(folder_fd_, name_.c_str(), 0);
}

Result<void> ScratchFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> ScratchFile::close() {
  if (::close(file_.release()) != 0 && errno != EINTR) return cannot(errno);
  return {};
}

int ScratchFile::rename_to(int folder_fd, const std::string& name) {
  if (::renameat(folder_fd_, name_.c_str(), folder_fd, name.c_str()) != 0) return errno;
  name_.clear();
  return 0;
}

}  // namespace imgmill
