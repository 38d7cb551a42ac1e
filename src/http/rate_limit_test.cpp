#include "http/rate_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;

class Rate : public testing::Test {
 protected:
  RateVerdict spend(Payer payer = payer_of(KeyNumber{1})) { return limit.spend(payer, now); }

  RateLimit::Instant now{1h};
  RateLimit limit{60};
};

TEST_F(Rate, AMinutesWorthAtOnceThenAsItFills) {
  for (std::uint32_t left = 60; left-- > 0;) {
    const RateVerdict verdict = spend();
    ASSERT_TRUE(verdict.allowed);
    EXPECT_EQ(verdict.left, left);
    EXPECT_EQ(verdict.full_in, std::chrono::seconds(60 - left));
  }
  const RateVerdict refused = spend();
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.left, 0U);
  EXPECT_EQ(refused.retry_in, 1s);
  EXPECT_EQ(refused.full_in, 60s);
  now += refused.retry_in;
  EXPECT_TRUE(spend().allowed);
  EXPECT_FALSE(spend().allowed);
  now += 60s;
  EXPECT_EQ(spend().left, 59U);
}

TEST_F(Rate, WhoIsRefusedAndGoesOnDoesNotWaitForLonger) {
  for (int i = 0; i < 1'000; ++i) spend();
  EXPECT_EQ(spend().retry_in, 1s);
}

TEST_F(Rate, OneIsNotHeldBackByAnother) {
  for (int i = 0; i < 61; ++i) spend();
  EXPECT_FALSE(spend().allowed);
  EXPECT_TRUE(spend(payer_of(KeyNumber{2})).allowed);
  EXPECT_TRUE(spend(payer_of(make_address("0.0.0.1"))).allowed);
  EXPECT_TRUE(spend(payer_of(make_address("::1"))).allowed);
}

TEST_F(Rate, AnAddressCountsAsWhatOneCustomerHas) {
  const auto payer = [](const char* text) { return payer_of(make_address(text)); };
  EXPECT_EQ(payer("2001:db8:1:2::3"), payer("2001:db8:1:2:ffff::9"));
  EXPECT_NE(payer("2001:db8:1:2::3"), payer("2001:db8:1:3::3"));
  EXPECT_EQ(payer("::ffff:192.0.2.1"), payer("192.0.2.1"));
  EXPECT_NE(payer("192.0.2.1"), payer("192.0.2.2"));
}

TEST_F(Rate, AFloodOfAddressesForgetsThoseThatSpentLeast) {
  const Payer heavy = payer_of(make_address("192.0.2.1"));
  for (int i = 0; i < 61; ++i) spend(heavy);
  for (std::uint32_t i = 0; i < 4 * limits::kRateAccountsMax; ++i) {
    ASSERT_TRUE(
        spend(payer_of(make_address(boost::asio::ip::address_v4(0x0a000000U + i).to_string())))
            .allowed);
  }
  EXPECT_FALSE(spend(heavy).allowed);
}

TEST_F(Rate, FieldsAreTheDraftsStructuredFields) {
  const std::vector<ReplyHeader> fields = limit.fields(spend());
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0].name, "RateLimit-Policy");
  EXPECT_EQ(fields[0].value, R"("default";q=60;w=60)");
  EXPECT_EQ(fields[1].name, "RateLimit");
  EXPECT_EQ(fields[1].value, R"("default";r=59;t=1)");
}

TEST(RateOff, ZeroIsNoLimit) { EXPECT_FALSE(RateLimit(0).is_on()); }

}  // namespace
}  // namespace imgmill
