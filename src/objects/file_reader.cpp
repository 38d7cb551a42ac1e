#include "objects/file_reader.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <sys/stat.h>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace imgmill {
namespace {

class FileReader final : public ObjectReader {
 public:
  FileReader(UniqueFd file, std::uint64_t size, Time modified_at)
      : file_(std::move(file)), size_(size), modified_at_(modified_at) {}

  std::uint64_t size() const override { return size_; }
  Time modified_at() const override { return modified_at_; }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= size_) return 0;
    out = out.first(std::min<std::uint64_t>(out.size(), size_ - offset));
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t count = ::pread(file_.get(), out.data() + done, out.size() - done,
                                    static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail_errno(errno, "the object cannot be read");
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

 private:
  UniqueFd file_;
  std::uint64_t size_;
  Time modified_at_;
};

Time time_of(const timespec& stamp) {
  const auto since_epoch =
      std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
  return Time{std::chrono::floor<Micros>(since_epoch)};
}

}  // namespace

Result<std::unique_ptr<ObjectReader>> open_file(const Folders& folders, std::string_view key) {
  const auto [parent, name] = split_path(key);
  TRY(const FolderHandle folder, folders.open(parent));
  // O_NONBLOCK: a FIFO somebody put there must not hold us.
  UniqueFd file(::openat(folder->get(), std::string(name).c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno != ENOENT && errno != ELOOP && errno != ENXIO) {
    return fail_errno(errno, "the object cannot be opened", std::string(key));
  }
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kNotFound, "no such object", std::string(key));
  }
  return std::make_unique<FileReader>(std::move(file), static_cast<std::uint64_t>(status.st_size),
                                      time_of(status.st_mtim));
}

}  // namespace imgmill
