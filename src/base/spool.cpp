#include "base/spool.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"

namespace imgmill {
namespace {

constexpr const char* kSpoolText = "a temporary file could not be written";

Result<void> write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, kSpoolText);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

void Spool::expect(std::uint64_t bytes) {
  if (bytes <= limits::kSpoolMemoryBytes) memory_.reserve(bytes);
}

Result<void> Spool::append(std::span<const std::byte> bytes) {
  if (!file_ && size_ + bytes.size() > limits::kSpoolMemoryBytes) {
    file_.reset(::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file_) return fail_errno(errno, kSpoolText, folder_.string());
    TRY_VOID(write_all(file_.get(), memory_));
    memory_ = {};
  }
  if (file_) {
    TRY_VOID(write_all(file_.get(), bytes));
  } else {
    memory_.insert(memory_.end(), bytes.begin(), bytes.end());
  }
  size_ += bytes.size();
  return {};
}

Result<void> Spool::copy_to(std::span<std::byte> out) const {
  CHECK(out.size() >= size_);
  return read(0, out.first(size_));
}

Result<void> Spool::read(std::uint64_t offset, std::span<std::byte> out) const {
  CHECK(offset + out.size() <= size_);
  if (!file_) {
    std::ranges::copy(std::span(memory_).subspan(offset, out.size()), out.begin());
    return {};
  }
  while (!out.empty()) {
    const ssize_t got = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "a temporary file could not be read");
    if (got == 0) return fail(ErrorCode::kIo, "a temporary file is shorter than what was written");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

}  // namespace imgmill
