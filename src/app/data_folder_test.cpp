#include "app/data_folder.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace imgmill {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DataFolderTest : public testing::Test {
 protected:
  ~DataFolderTest() override { fs::remove_all(path); }
  const fs::path path =
      fs::path(testing::TempDir()) / ("data_folder_test." + std::to_string(::getpid()));
};

TEST_F(DataFolderTest, IsMadeWithItsRooms) {
  const auto folder = DataFolder::open(path / "deeper");
  ASSERT_TRUE(folder);
  EXPECT_TRUE(fs::is_directory(folder->spool()));
  EXPECT_TRUE(fs::is_directory(folder->objects()));
}

TEST_F(DataFolderTest, WhatIsMadeIsForNobodyElse) {
  ASSERT_TRUE(DataFolder::open(path));
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
}

TEST_F(DataFolderTest, WhoMayEnterAnOldOneIsItsOwnersBusiness) {
  fs::create_directories(path);
  const auto open_to_all = fs::perms::owner_all | fs::perms::others_exec;
  fs::permissions(path, open_to_all);
  ASSERT_TRUE(DataFolder::open(path));
  EXPECT_EQ(fs::status(path).permissions(), open_to_all);
}

TEST_F(DataFolderTest, ASecondOpenerIsToldWhoHasIt) {
  const auto first = DataFolder::open(path);
  const auto second = DataFolder::open(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_THAT(second.error().text, HasSubstr(std::to_string(::getpid())));
}

TEST_F(DataFolderTest, IsFreeAgainAfterwards) {
  {
    const auto first = DataFolder::open(path);
  }
  EXPECT_TRUE(DataFolder::open(path));
}

TEST_F(DataFolderTest, WhatAKilledProcessSpooledIsGone) {
  {
    const auto first = DataFolder::open(path);
  }
  std::ofstream(path / "spool" / "left.csv") << "x";
  const auto again = DataFolder::open(path);
  EXPECT_FALSE(fs::exists(path / "spool" / "left.csv"));
}

TEST_F(DataFolderTest, AFileInItsPlaceIsAClearError) {
  std::ofstream(path) << "not a folder";
  const auto folder = DataFolder::open(path);
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().text, HasSubstr("--data-dir"));
}

}  // namespace
}  // namespace imgmill
