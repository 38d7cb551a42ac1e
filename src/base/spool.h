// Bytes from outside on their way to somewhere: the first limits::kSpoolMemoryBytes in memory, all
// of it in an unlinked temporary file once there is more. Not thread-safe; moves between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill {

class Spool {
 public:
  // `folder` is where the file goes when there is need of one.
  explicit Spool(std::filesystem::path folder = {}) : folder_(std::move(folder)) {}

  // About so many bytes will come: saves growing. A hint from outside may lie; it costs at most
  // limits::kSpoolMemoryBytes.
  void expect(std::uint64_t bytes);
  // kNoSpace or kIo when the file cannot be made or written.
  [[nodiscard]] Result<void> append(std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Copies everything into the front of `out`, which is at least size() long. kIo.
  [[nodiscard]] Result<void> copy_to(std::span<std::byte> out) const;
  // Fills `out` from `offset` on; all of it is there. kIo.
  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  std::filesystem::path folder_;
  std::vector<std::byte> memory_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
};

}  // namespace imgmill
