#include "http/request_id.h"

#include <string>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(RequestId, ASaneOneIsTheClients) {
  for (const std::string& id :
       {std::string("a"), std::string("4bf92f3577b34da6/00f067aa:1=+@~._-Z"),
        std::string(128, '9')}) {
    EXPECT_EQ(request_id_of(id), id);
  }
}

TEST(RequestId, AnyOtherIsReplaced) {
  for (const std::string& id :
       {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a\"b"),
        std::string("a\x1b[31m"), std::string("\xc3\xa4"), std::string("a,b"),
        std::string("a\0b", 3)}) {
    const std::string made = request_id_of(id);
    EXPECT_NE(made, id);
    EXPECT_EQ(request_id_of(made), made);
    EXPECT_NE(request_id_of(id), made);
  }
}

}  // namespace
}  // namespace imgmill
