#include "objects/parallel_sync.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace imgmill {
namespace {

UniqueFd unlinked_file() {
  UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  EXPECT_TRUE(file);
  EXPECT_EQ(::write(file.get(), "x", 1), 1);
  return file;
}

TEST(ParallelSync, SyncsAsManyAsItMay) {
  std::vector<UniqueFd> files;
  std::vector<int> fds;
  for (std::size_t i = 0; i < ParallelSync::kFilesMax; ++i) {
    files.push_back(unlinked_file());
    fds.push_back(files.back().get());
  }
  ParallelSync sync;
  EXPECT_FALSE(sync.sync(fds));
  EXPECT_FALSE(sync.sync({}));
}

TEST(ParallelSync, SaysWhichCouldNotBeSynced) {
  const UniqueFd file = unlinked_file();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  ParallelSync sync;
  for (const int wrong : {reading.get(), -1}) {
    const std::array fds{file.get(), wrong, file.get()};
    const auto failure = sync.sync(fds);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->index, 1U);
    EXPECT_EQ(failure->error_number, wrong == -1 ? EBADF : EINVAL);
  }
  EXPECT_FALSE(sync.sync(std::array{file.get()}));
}

TEST(ParallelSync, ServesSeveralThreads) {
  ParallelSync sync;
  std::atomic<int> failures = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const UniqueFd file = unlinked_file();
      const std::array fds{file.get(), file.get(), file.get()};
      for (int round = 0; round < 20; ++round) failures += sync.sync(fds) ? 1 : 0;
    });
  }
  threads.clear();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace imgmill
