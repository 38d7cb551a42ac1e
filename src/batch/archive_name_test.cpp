#include "batch/archive_name.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

std::string stem(std::string_view url) {
  const std::string name = archive_name(17, 2, url, "jpg");
  EXPECT_TRUE(name.starts_with("17-2-") && name.ends_with(".jpg")) << name;
  return name.substr(5, name.size() - 9);
}

TEST(ArchiveName, RowPositionAndSource) {
  EXPECT_EQ(archive_name(17, 2, "https://a/b/photo.png?w=3#x.y", "webp"), "17-2-photo.webp");
  EXPECT_EQ(stem("https://a/My%20photo%20(1).jpg"), "My photo (1)");
  EXPECT_EQ(stem("https://a/%D1%81%D1%82%D1%83%D0%BB.jpg"), "стул");
  EXPECT_EQ(stem("https://a/стул.tar.gz"), "стул.tar");
  EXPECT_EQ(stem("https://a/100%.jpg"), "100%");
  EXPECT_EQ(stem("https://a/.jpg"), ".jpg");
}

TEST(ArchiveName, NothingThatAFileSystemRefusesOrFollows) {
  EXPECT_EQ(stem("https://a/..%2F..%2Fetc%2Fpasswd"), ".._.");
  EXPECT_EQ(stem("https://a/a%5Cb%3Ac%2Ad%3Fe%22f%3Cg%3Eh%7Ci.jpg"), "a_b_c_d_e_f_g_h_i");
  EXPECT_EQ(stem("https://a/a%00b%0A%7F.jpg"), "a_b__");
  EXPECT_EQ(stem("https://a/a%E2%80%AEgpj.exe"), "a_gpj");
  EXPECT_EQ(stem("https://a/a%C2%85b.jpg"), "a_b");
}

TEST(ArchiveName, WhatIsNoUtf8BecomesAscii) {
  for (const auto* broken : {"%FF", "%C3", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "%E2%80"}) {
    const std::string name = stem(std::string("https://a/x") + broken + ".jpg");
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_."), name.npos)
        << broken << name;
  }
}

TEST(ArchiveName, NeverEmptyNeverLong) {
  EXPECT_EQ(stem("https://a/"), "image");
  EXPECT_EQ(stem("https://a"), "image");
  EXPECT_EQ(stem("https://a/?x=b/c.jpg"), "image");
  const std::string cyrillic = stem("https://a/x" + std::string(2'000, 'y'));
  EXPECT_EQ(cyrillic.size(), 120U);
  std::string url = "https://a/x";
  for (int i = 0; i < 200; ++i) url += "%D1%81";
  EXPECT_EQ(stem(url).size(), 119U);  // no half a character
}

}  // namespace
}  // namespace imgmill
