#include "app/data_folder.h"

#include <array>
#include <cerrno>
#include <string>
#include <sys/file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace imgmill {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabase = "imgmill.db";
constexpr const char* kObjects = "objects";

// Nobody else's: the URLs in the database may hold passwords.
Result<void> make_folder(const fs::path& folder, std::string_view flag) {
  std::error_code error;
  const bool is_new = fs::create_directories(folder, error);
  if (is_new && !error) fs::permissions(folder, fs::perms::owner_all, error);
  if (!error && ::access(folder.c_str(), R_OK | W_OK | X_OK) == 0) return {};
  return fail_errno(error ? error.value() : errno,
                    fmt::format("the folder {} cannot be written: choose another with {}, or give "
                                "this user the right to write there",
                                folder.string(), flag));
}

std::string pid_in(int fd) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size() - 1, 0);
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : "unknown";
}

// The lock ends with the process, however it ends; the pid in the file is for people.
Result<UniqueFd> take_lock(const fs::path& folder, std::string_view flag) {
  const fs::path file = folder / "imgmill.lock";
  UniqueFd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) return fail_errno(errno, fmt::format("{} cannot be written", file.string()));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(
        ErrorCode::kConflict,
        fmt::format("the folder {} is in use by the imgmill process {}: stop that one, or choose "
                    "another folder with {}",
                    folder.string(), pid_in(lock.get()), flag));
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(lock.get(), 0) != 0 ||
      ::pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return fail_errno(errno, fmt::format("{} cannot be written", file.string()));
  }
  return lock;
}

}  // namespace

Result<void> DataFolder::make(const fs::path& path, std::string_view flag) {
  return make_folder(path, flag);
}

Result<DataFolder> DataFolder::open(const fs::path& path, std::string_view flag) {
  TRY_VOID(make_folder(path, flag));
  TRY(UniqueFd lock, take_lock(path, flag));
  DataFolder folder(fs::absolute(path), std::move(lock));
  std::error_code ignored;  // an old spool that stays is only bytes; make_folder tells what matters
  fs::remove_all(folder.spool(), ignored);
  TRY_VOID(make_folder(folder.spool(), flag));
  TRY_VOID(make_folder(folder.objects(), flag));
  return folder;
}

fs::path DataFolder::database_file() const { return path_ / kDatabase; }
fs::path DataFolder::objects() const { return path_ / kObjects; }

fs::path database_of(const Settings& settings) {
  if (!settings.database_file.empty()) return settings.database_file;
  return settings.data_dir / kDatabase;
}

fs::path objects_of(const Settings& settings) {
  if (!settings.storage_folder.empty()) return settings.storage_folder;
  return settings.data_dir / kObjects;
}

}  // namespace imgmill
