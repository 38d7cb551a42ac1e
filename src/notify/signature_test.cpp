#include "notify/signature.h"

#include <array>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

constexpr std::string_view kEvent = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::string_view kStamp = "1614265330";
constexpr std::string_view kBody = R"({"test": 2432232314})";

std::string signed_with(std::string secret) {
  return standard_signatures(std::array{std::move(secret)}, kEvent, kStamp, kBody);
}

// printf '%s' "$body" | openssl dgst -sha256 -hmac "$secret"
TEST(BodySignature, IsTheHexHmacUnderTheSecretAsWritten) {
  EXPECT_EQ(body_signature("topsecret", kBody),
            "6701ed89139e482094fa1b2106d8bc869a90bdc6d56cb4e20f50e6155d3cdaf5");
  EXPECT_EQ(body_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", kBody),
            "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c");
}

// The example of the Standard Webhooks specification.
TEST(StandardSignatures, MatchThePublishedExample) {
  EXPECT_EQ(signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

// printf '%s' "$id.$stamp.$body" | openssl dgst -sha256 -hmac "$secret" -binary | base64
TEST(StandardSignatures, UseAnyOtherSecretAsItsBytes) {
  EXPECT_EQ(signed_with("topsecret"), "v1,fuS9joqOuYY7xyeRZIyVXmXrTETpl0RXS4whTR6ljk4=");
  EXPECT_EQ(signed_with("whsec_not base64!"), "v1,yUD2RuJUXJQ8HKsyjzbAMVmj4/ZkDavgvNxmEyGpKuU=");
}

// … -mac HMAC -macopt hexkey:00010203
TEST(StandardSignatures, DecodeWithAndWithoutPadding) {
  EXPECT_EQ(signed_with("whsec_AAECAw=="), "v1,oBKhBtXuEVJmcFOpm54kUHROL5kKVGzbTuvHlIntveA=");
  EXPECT_EQ(signed_with("whsec_AAECAw"), "v1,oBKhBtXuEVJmcFOpm54kUHROL5kKVGzbTuvHlIntveA=");
}

TEST(StandardSignatures, NeverSignWithAnEmptyKey) {
  EXPECT_NE(signed_with("whsec_"), signed_with(""));
}

TEST(StandardSignatures, StandInOrderWhileASecretIsRotated) {
  const std::array<std::string, 2> secrets{"topsecret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
  EXPECT_EQ(standard_signatures(secrets, kEvent, kStamp, kBody),
            "v1,fuS9joqOuYY7xyeRZIyVXmXrTETpl0RXS4whTR6ljk4= "
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(UnixSeconds, RoundsDown) {
  EXPECT_EQ(unix_seconds(from_us(1'614'265'330'999'999)), "1614265330");
  EXPECT_EQ(unix_seconds(from_us(0)), "0");
}

}  // namespace
}  // namespace imgmill
