#include "http/spool_file.h"

#include <optional>
#include <sys/stat.h>

#include <fcntl.h>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

class SpoolFileTest : public testing::Test {
 protected:
  SpoolFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "imgmill-spool-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~SpoolFileTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(SpoolFileTest, ForOurEyesOnlyAndGoneWithItsOwner) {
  std::optional<SpoolFile> file(SpoolFile::create(folder_).value());
  ASSERT_TRUE(file->append("abc"));
  ASSERT_TRUE(file->append("def"));
  EXPECT_EQ(file->size(), 6u);
  struct stat facts{};
  ASSERT_EQ(::stat(file->path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
  EXPECT_EQ(facts.st_size, 6);
  SpoolFile moved = *std::move(file);
  file.reset();
  EXPECT_TRUE(std::filesystem::exists(moved.path()));
  EXPECT_TRUE(moved.append("g"));
  const auto path = moved.path();
  {
    const SpoolFile last = std::move(moved);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SpoolFileTest, NoFolderNoFileNoPathInTheText) {
  const auto file = SpoolFile::create(folder_ / "gone");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kIo);
  EXPECT_FALSE(file.error().text.contains("gone"));
}

TEST(SpoolFile, AFullDiskIsToldApart) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP();
  UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  SpoolFile file({}, std::move(full));
  const auto written = file.append("x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace imgmill
