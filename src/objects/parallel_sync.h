// fsync of many files at once, with one wait: the kernel's workers do them side by side (Linux AIO,
// which needs no library). Where AIO is not to be had they are synced one after the other.
//
// Thread-safe. Includes base only.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace imgmill {

struct SyncFailure {
  std::size_t index = 0;
  int error_number = 0;
};

class ParallelSync {
 public:
  static constexpr std::size_t kFilesMax = 64;

  ParallelSync() = default;
  ~ParallelSync();
  ParallelSync(const ParallelSync&) = delete;
  ParallelSync& operator=(const ParallelSync&) = delete;

  // At most kFilesMax, files or folders. nullopt: all of them survive a power cut. Otherwise one
  // that could not be synced; all have been tried.
  [[nodiscard]] std::optional<SyncFailure> sync(std::span<const int> fds);

 private:
  using Queue = unsigned long;  // aio_context_t; 0 is none

  [[nodiscard]] Queue borrow();
  void give_back(Queue queue);

  std::mutex mutex_;
  std::vector<Queue> idle_;  // making and ending one takes milliseconds, so they are kept
};

}  // namespace imgmill
