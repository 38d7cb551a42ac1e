#include "http/spool_file.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/crypto.h"

namespace imgmill {

namespace {

std::unexpected<Error> not_stored(int error_number, const std::filesystem::path& path) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return fail_errno(error_number,
                    full ? "the upload could not be stored: the server's disk is full"
                         : "the upload could not be stored",
                    path.string());
}

}  // namespace

Result<SpoolFile> SpoolFile::create(const std::filesystem::path& folder) {
  std::filesystem::path path = folder / fmt::format("upload-{:016x}.csv", random_u64());
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return not_stored(errno, path);
  return SpoolFile(std::move(path), std::move(file));
}

SpoolFile::SpoolFile(std::filesystem::path path, UniqueFd file)
    : path_(std::move(path)), file_(std::move(file)) {}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)), size_(other.size_) {}

SpoolFile::~SpoolFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> SpoolFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return not_stored(errno, path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

}  // namespace imgmill
