#include "base/crypto.h"

#include <set>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(Sha256, MatchesFips180Example) {
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HmacSha256, MatchesRfc4231Case2) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Base64, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) {
    const std::string text =
        to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    EXPECT_EQ(from_base64(text), bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* text : {"a", "ab=c", "====", "a===", "!!!!"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Uuid, IsVersion4AndDistinct) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = random_uuid();
    EXPECT_TRUE(is_uuid(uuid));
    EXPECT_EQ(uuid[14], '4');
    EXPECT_TRUE(seen.insert(uuid).second);
  }
  EXPECT_FALSE(is_uuid("550e8400-e29b-41d4-a716-44665544000g"));
  EXPECT_FALSE(is_uuid("../../../../../../../../../../etc/pass"));
}

}  // namespace
}  // namespace imgmill
