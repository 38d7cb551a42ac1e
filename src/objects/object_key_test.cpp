#include <string>

#include <gtest/gtest.h>

#include "objects/object_store.h"

namespace imgmill {
namespace {

TEST(ObjectKey, TakesRelativePathsOfSafeSegments) {
  for (const char* key :
       {"a", "csv/550e8400-e29b-41d4-a716-446655440000.csv", "a.b_c-D/9",
        "processed/550e8400-e29b-41d4-a716-446655440000/x-0123456789abcdef.jpg"}) {
    EXPECT_TRUE(is_object_key(key)) << key;
  }
}

TEST(ObjectKey, RefusesWhatCouldLeaveTheStore) {
  for (const char* key : {"", "/", "/etc/passwd", "..", "a/../b", "a/./b", ".hidden", "a/.tmp",
                          "a//b", "a/", "a b", "a%2e%2e", "a\\b", "\xc3\xa4", "a\nb", "a:b"}) {
    EXPECT_FALSE(is_object_key(key)) << key;
  }
  EXPECT_FALSE(is_object_key(std::string_view("a\0b", 3)));
}

TEST(ObjectKey, IsBounded) {
  const std::string segment(255, 'a');
  EXPECT_TRUE(is_object_key(segment));
  EXPECT_FALSE(is_object_key(segment + "a"));
  const std::string two = segment + "/" + segment;
  EXPECT_TRUE(is_object_key("b/" + two.substr(1)));  // 512 bytes
  EXPECT_FALSE(is_object_key("b/" + two));           // one more
}

}  // namespace
}  // namespace imgmill
