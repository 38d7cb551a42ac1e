#include "objects/local_dir.h"

#include <array>
#include <cerrno>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/test_point.h"
#include "objects/file_reader.h"
#include "objects/sync_files.h"

namespace imgmill {
namespace {

metrics::Histogram operation(std::string_view name) {
  return metrics::histogram({"imgmill_objects_duration_seconds",
                             "Time of writing to the object store; sync: of making a chunk's "
                             "objects durable."},
                            metrics::short_waits(), {{"operation", name}});
}

constexpr unsigned kObjectMode = 0644;
// How often an object's folder may be removed by others before its rename gets there.
constexpr int kTriesMax = 100;
constexpr std::size_t kCopyBytes = 128 << 10;

Result<void> check_key(std::string_view key) {
  if (is_object_key(key)) return {};
  return fail(ErrorCode::kInvalid, "not an object key", std::string(key));
}

std::unexpected<Error> cannot_write(int error_number, std::string_view key) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return fail_errno(error_number, full ? "the store's disk is full" : "the store cannot be written",
                    std::string(key));
}

// Calls rename(folder_fd, name), which gives an error number, for the key's folder. ENOENT means
// that somebody removed the folder, empty as it was, since we had it: then in a new one.
template <class Rename>
Result<FolderHandle> rename_into(Folders& folders, std::string_view key, Rename rename) {
  const auto [parent, name] = split_path(key);
  int error_number = ENOENT;
  for (int tries = 0; error_number == ENOENT && tries < kTriesMax; ++tries) {
    TRY(FolderHandle folder, folders.make(parent));
    error_number = rename(folder->get(), std::string(name));
    if (error_number == 0) return folder;
    folders.forget(parent, folder);
  }
  return cannot_write(error_number, key);
}

Result<void> copy(int from, ScratchFile& to, std::string_view key) {
  std::vector<std::byte> buffer(kCopyBytes);
  for (;;) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, "the file cannot be read", std::string(key));
    if (count == 0) return {};
    TRY_VOID(to.append(std::span(buffer).first(static_cast<std::size_t>(count))));
  }
}

// That the root itself survives a power cut. What of it was there before is not ours to sync, and
// where we may not even look we made nothing.
void sync_folders_above(const std::filesystem::path& root) {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::absolute(root, error);
  while (!error && folder.has_relative_path()) {
    folder = folder.parent_path();
    if (const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); fd) {
      static_cast<void>(::fsync(fd.get()));
    }
  }
}

std::unexpected<Error> cannot_use(const std::filesystem::path& root, const std::string& reason) {
  return fail(
      ErrorCode::kIo,
      "the folder of the store cannot be written: give the user imgmill runs as write access "
      "to it, or choose another with --storage-url or --data-dir",
      root.string() + ": " + reason);
}

}  // namespace

Result<std::unique_ptr<LocalDir>> LocalDir::create(std::filesystem::path root) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) return cannot_use(root, error.message());
  UniqueFd root_fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_fd) return cannot_use(root, std::system_category().message(errno));
  sync_folders_above(root);
  Result<std::unique_ptr<Scratch>> scratch = Scratch::create(root_fd.get());
  if (!scratch && scratch.error().code == ErrorCode::kIo) {
    return cannot_use(root, scratch.error().detail);
  }
  if (!scratch) return std::unexpected(std::move(scratch).error());
  return std::unique_ptr<LocalDir>(new LocalDir(std::move(root_fd), *std::move(scratch)));
}

LocalDir::LocalDir(UniqueFd root, std::unique_ptr<Scratch> scratch)
    : folders_(std::move(root)),
      scratch_(std::move(scratch)),
      put_time_(operation("put")),
      put_file_time_(operation("put_file")),
      sync_time_(operation("sync")) {}

Result<void> LocalDir::put(std::string_view key, std::span<const std::byte> bytes) {
  const metrics::Timer timer(put_time_);
  TRY_VOID(check_key(key));
  TRY(ScratchFile file, scratch_->new_file(kObjectMode));
  TRY_VOID(file.append(bytes));
  TRY_VOID(file.close());
  TEST_POINT("objects.put.before_rename");
  TRY_VOID(rename_into(folders_, key, [&file](int folder_fd, const std::string& name) {
    return file.rename_to(folder_fd, name);
  }));
  TEST_POINT("objects.put.after_rename");
  return {};
}

Result<void> LocalDir::put_file(std::string_view key, const std::filesystem::path& file) {
  const metrics::Timer timer(put_file_time_);
  TRY_VOID(check_key(key));
  const UniqueFd source(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!source) return fail_errno(errno, "the file cannot be read", file.string());
  struct stat status{};
  if (::fstat(source.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kIo, "the file cannot be read", file.string() + ": not a regular file");
  }
  bool other_file_system = false;
  if (::fsync(source.get()) != 0) return cannot_write(errno, key);
  Result<FolderHandle> folder =
      rename_into(folders_, key, [&](int folder_fd, const std::string& name) {
        if (::renameat(AT_FDCWD, file.c_str(), folder_fd, name.c_str()) == 0) return 0;
        other_file_system = errno == EXDEV;
        return errno;
      });
  if (!folder && other_file_system) {
    folder = copy_durably(key, source.get(), status.st_mode & 0777U);
    if (folder) ::unlink(file.c_str());
  }
  if (!folder) return std::unexpected(std::move(folder).error());
  if (::fsync((*folder)->get()) != 0) return cannot_write(errno, key);
  return {};
}

// Whole, synced and in its place; the folder is still to be synced.
Result<FolderHandle> LocalDir::copy_durably(std::string_view key, int source_fd, unsigned mode) {
  TRY(ScratchFile file, scratch_->new_file(mode));
  TRY_VOID(copy(source_fd, file, key));
  if (::fsync(file.fd()) != 0) return cannot_write(errno, key);
  TRY_VOID(file.close());
  return rename_into(folders_, key, [&file](int folder_fd, const std::string& name) {
    return file.rename_to(folder_fd, name);
  });
}

Result<void> LocalDir::make_durable(std::span<const std::string> keys) {
  const metrics::Timer timer(sync_time_);
  for (const std::string& key : keys) TRY_VOID(check_key(key));
  return sync_files(folders_, sync_, keys);
}

Result<std::unique_ptr<ObjectReader>> LocalDir::open(std::string_view key) {
  TRY_VOID(check_key(key));
  return open_file(folders_, key);
}

Result<void> LocalDir::remove(std::string_view key) {
  TRY_VOID(check_key(key));
  const auto [parent, name] = split_path(key);
  const Result<FolderHandle> folder = folders_.open(parent);
  if (!folder && folder.error().code == ErrorCode::kNotFound) return {};
  if (!folder) return std::unexpected(folder.error());
  const bool gone = ::unlinkat((*folder)->get(), std::string(name).c_str(), 0) == 0;
  if (!gone && errno != ENOENT && errno != EISDIR) {
    return fail_errno(errno, "the object cannot be removed", std::string(key));
  }
  folders_.remove_empty(parent);
  return {};
}

Result<void> LocalDir::check() {
  TRY(ScratchFile probe, scratch_->new_file(kObjectMode));
  TRY_VOID(probe.append(std::array{std::byte{0}}));
  TRY(const FolderHandle root, folders_.open(""));
  struct statvfs system{};
  if (::fstatvfs(root->get(), &system) != 0) return fail_errno(errno, "the store does not answer");
  const std::uint64_t free_bytes = std::uint64_t{system.f_bavail} * system.f_frsize;
  if (free_bytes < limits::kStoreFreeBytesMin) {
    return fail(ErrorCode::kNoSpace, "the store's disk is almost full",
                std::to_string(free_bytes) + " bytes free");
  }
  // Some file systems (btrfs) have no fixed number of inodes and say 0 of 0.
  if (system.f_files > 0 && system.f_favail == 0) {
    return fail(ErrorCode::kNoSpace, "the store's disk has no inodes left");
  }
  return {};
}

}  // namespace imgmill
