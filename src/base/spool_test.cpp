#include "base/spool.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/limits.h"

namespace imgmill {
namespace {

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 >> 3);
  return bytes;
}

TEST(Spool, GivesBackWhatWasAppendedOnEitherSideOfItsMemory) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, limits::kSpoolMemoryBytes,
                                 limits::kSpoolMemoryBytes + 1, 3 * limits::kSpoolMemoryBytes}) {
    const std::vector<std::byte> bytes = pattern(size);
    Spool spool(std::filesystem::temp_directory_path());
    for (std::size_t at = 0; at < size; at += 70'001) {
      const std::size_t length = std::min<std::size_t>(70'001, size - at);
      ASSERT_TRUE(spool.append(std::span(bytes).subspan(at, length)));
    }
    std::vector<std::byte> back(size);
    ASSERT_TRUE(spool.copy_to(back));
    EXPECT_EQ(spool.size(), size);
    EXPECT_TRUE(back == bytes) << size;
    std::vector<std::byte> middle(size / 3);
    ASSERT_TRUE(spool.read(size / 2, middle));
    EXPECT_TRUE(std::ranges::equal(middle, std::span(bytes).subspan(size / 2, size / 3))) << size;
  }
}

TEST(Spool, AHintThatLiesChangesNothing) {
  for (const std::uint64_t expected :
       {std::uint64_t{0}, std::uint64_t{70'000}, ~std::uint64_t{0}}) {
    Spool spool(std::filesystem::temp_directory_path());
    spool.expect(expected);
    ASSERT_TRUE(spool.append(pattern(100'000)));
    std::vector<std::byte> back(100'000);
    ASSERT_TRUE(spool.copy_to(back));
    EXPECT_TRUE(back == pattern(100'000)) << expected;
  }
}

TEST(Spool, AFolderThatIsNotThereIsAnErrorWithoutItsPathInTheText) {
  Spool spool("/nonexistent/folder");
  const auto result = spool.append(pattern(limits::kSpoolMemoryBytes + 1));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().text.find("nonexistent"), std::string::npos);
}

}  // namespace
}  // namespace imgmill
