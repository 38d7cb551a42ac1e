// An upload on its way: a named file of mode 0600, gone when this is, unless it was moved away by
// then. Blocks; one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill {

class SpoolFile {
 public:
  // kNoSpace, kIo.
  [[nodiscard]] static Result<SpoolFile> create(const std::filesystem::path& folder);
  // Over a file that is open already; an empty path is nobody's to remove.
  SpoolFile(std::filesystem::path path, UniqueFd file);
  SpoolFile(SpoolFile&&) noexcept;
  SpoolFile& operator=(SpoolFile&&) = delete;
  ~SpoolFile();

  [[nodiscard]] Result<void> append(std::string_view bytes);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;  // empty: none, or moved from
  UniqueFd file_;
  std::uint64_t size_ = 0;
};

}  // namespace imgmill
