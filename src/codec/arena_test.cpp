#include "codec/arena.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/limits.h"

namespace imgmill {
namespace {

std::uint64_t memory_bytes(const Arena& arena) {
  struct stat info{};
  ::fstat(arena.fd(), &info);
  return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

TEST(Arena, CostsNothingUntilItIsTouched) {
  const auto arena = Arena::create(codec_wire::layout_for(1ULL << 30));
  ASSERT_TRUE(arena);
  EXPECT_EQ(memory_bytes(*arena), 0u);
  arena->source_area()[0] = std::byte{1};
  EXPECT_GT(memory_bytes(*arena), 0u);
  EXPECT_LT(memory_bytes(*arena), 4u << 20);
}

// A child that shrank it would end the parent at its next look into it.
TEST(Arena, CannotChangeItsSize) {
  const auto layout = codec_wire::layout_for(100'000);
  const auto arena = Arena::create(layout);
  ASSERT_TRUE(arena);
  EXPECT_EQ(::ftruncate(arena->fd(), 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(arena->fd(), static_cast<off_t>(2 * layout.size())), -1);
  EXPECT_EQ(arena->source_area().size() + arena->reply_area().size(), layout.size());
}

TEST(Arena, GivesBackAllButTheFirstMegabytes) {
  auto arena = Arena::create(codec_wire::layout_for(32 << 20));
  ASSERT_TRUE(arena);
  std::ranges::fill(arena->source_area(), std::byte{7});
  EXPECT_GE(memory_bytes(*arena), 32u << 20);
  arena->trim();
  EXPECT_LE(memory_bytes(*arena), 2 * limits::kCodecArenaKeptBytes);
  EXPECT_EQ(arena->source_area().front(), std::byte{7});
  EXPECT_EQ(arena->source_area().back(), std::byte{0});
}

}  // namespace
}  // namespace imgmill
