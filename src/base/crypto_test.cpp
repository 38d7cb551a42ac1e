#include "base/crypto.h"

#include <set>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(Sha256, MatchesFips180Example) {
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PiecesAreTheWhole) {
  Sha256 pieces;
  for (const char* piece : {"a", "", "bc"}) pieces.update(piece);
  EXPECT_EQ(pieces.finish(), sha256("abc"));
}

TEST(ConstantTime, ComparesAsEqualDoes) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
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

// Made for this test, no longer valid, its key thrown away.
constexpr std::string_view kCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBbjCCAROgAwIBAgIUaCZ3S5ZuYerSbkP2d8fWbfs0WDQwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAeFw0yNjExMjUxOTAzMzRaFw0yNjExMjYxOTAzMzRaMAwx
CjAIBgNVBAMMAXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARF/ZKf/Etnw0Qp
FjcWWXu1qqF5ehLfW4eU62Jl6pnPNCeQZeqrAnWCR5FVI3lxnrBUXJwPG8PdWv1S
8GW0c8wWo1MwUTAdBgNVHQ4EFgQUCDufZqq9KZSflvhSZ1zN72mdqp4wHwYDVR0j
BBgwFoAUCDufZqq9KZSflvhSZ1zN72mdqp4wDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNJADBGAiEA1zbQ0R0gIIdouYSuQfZBgM50T/4hnbFijuYD4y8HmDIC
IQD36fvboSKitPyjFsT/D3q4mXbGDRNoNmnRb5ZFLCpWUQ==
-----END CERTIFICATE-----
)";

TEST(Certificates, AreCountedOrNone) {
  const std::string one(kCertificate);
  EXPECT_EQ(certificates_in(one), 1U);
  EXPECT_EQ(certificates_in("a heading\n" + one + "\n" + one), 2U);
  std::string broken = one;
  broken[broken.size() / 2] = '!';
  for (const std::string& text : {std::string(), std::string("no certificate"), broken,
                                  one + broken, one.substr(0, one.size() / 2)}) {
    EXPECT_EQ(certificates_in(text), 0U) << text;
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
