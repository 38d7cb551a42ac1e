#include "objects/parallel_sync.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <linux/aio_abi.h>
#include <sys/syscall.h>

#include <unistd.h>

#include "base/check.h"

namespace imgmill {
namespace {

static_assert(sizeof(aio_context_t) == sizeof(unsigned long));

// How many of these the kernel took.
std::size_t submit(aio_context_t queue, std::span<const int> fds) {
  std::array<iocb, ParallelSync::kFilesMax> requests{};
  std::array<iocb*, ParallelSync::kFilesMax> pointers{};
  for (std::size_t i = 0; i < fds.size(); ++i) {
    requests[i].aio_data = i;
    requests[i].aio_fildes = static_cast<std::uint32_t>(fds[i]);
    requests[i].aio_lio_opcode = IOCB_CMD_FSYNC;
    pointers[i] = &requests[i];
  }
  std::size_t taken = 0;
  while (taken < fds.size()) {
    const long count = ::syscall(SYS_io_submit, queue, static_cast<long>(fds.size() - taken),
                                 pointers.data() + taken);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    taken += static_cast<std::size_t>(count);
  }
  return taken;
}

std::optional<SyncFailure> wait_for(aio_context_t queue, std::size_t count) {
  std::array<io_event, ParallelSync::kFilesMax> events{};
  std::optional<SyncFailure> failure;
  while (count > 0) {
    const long got = ::syscall(SYS_io_getevents, queue, static_cast<long>(count),
                               static_cast<long>(count), events.data(), nullptr);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0);  // without a time-out it fails only for arguments that are wrong
    for (const io_event& event : std::span(events).first(static_cast<std::size_t>(got))) {
      if (event.res < 0) failure = SyncFailure{event.data, static_cast<int>(-event.res)};
    }
    count -= static_cast<std::size_t>(got);
  }
  return failure;
}

}  // namespace

ParallelSync::~ParallelSync() {
  for (const Queue queue : idle_) ::syscall(SYS_io_destroy, queue);
}

std::optional<SyncFailure> ParallelSync::sync(std::span<const int> fds) {
  CHECK(fds.size() <= kFilesMax);
  const Queue queue = borrow();
  const std::size_t taken = queue == 0 ? 0 : submit(queue, fds);
  std::optional<SyncFailure> failure = wait_for(queue, taken);
  if (queue != 0) give_back(queue);
  for (std::size_t i = taken; i < fds.size(); ++i) {
    if (::fsync(fds[i]) != 0) failure = SyncFailure{i, errno};
  }
  return failure;
}

ParallelSync::Queue ParallelSync::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      const Queue queue = idle_.back();
      idle_.pop_back();
      return queue;
    }
  }
  aio_context_t queue = 0;
  return ::syscall(SYS_io_setup, kFilesMax, &queue) == 0 ? queue : 0;
}

void ParallelSync::give_back(Queue queue) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(queue);
}

}  // namespace imgmill
