#include "model/api_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

using testing::Eq;
using testing::MatchesRegex;
using testing::Ne;

TEST(ApiKey, HasTwoHundredFiftySixBitsOfRandomness) {
  const std::string key = new_api_key();
  EXPECT_THAT(key, MatchesRegex("imk_[0-9a-f]{64}"));
  EXPECT_NE(key, new_api_key());
}

TEST(ApiKey, DigestIsTheSha256ThatAShellComputes) {
  // printf %s imk_0 | sha256sum
  const std::string digest = key_digest("imk_0");
  EXPECT_EQ(digest, "81b6a989035d05c5ac78659b7b4cb41d3595c5c2b0069446c95ba4e7cbf52459");
  EXPECT_EQ(key_id(digest), digest.substr(0, 8));
}

TEST(ApiKey, NamesThatCanBeTypedAndToldFromIds) {
  for (const char* name : {"a", "shop", "shop-2.eu", "me@example.com", "1a2b3c4", "1A2B3C4D"}) {
    EXPECT_THAT(key_name_fault(name), Eq(std::nullopt)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("-x"), std::string("a b"), std::string("caf\xc3\xa9"),
        std::string("a\nb"), std::string(65, 'a'), std::string("1a2b3c4d")}) {
    EXPECT_THAT(key_name_fault(name), Ne(std::nullopt)) << name;
  }
}

}  // namespace
}  // namespace imgmill
