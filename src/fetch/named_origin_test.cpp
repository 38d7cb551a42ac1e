// The guard judges the address that is really connected to: behind a name, among several, and once
// more on a connection that is used again.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fetch/fetcher_fixture.h"
#include "fetch/scripted_resolver.h"

namespace imgmill {
namespace {

using std::chrono::seconds;

class NamedOriginTest : public FetcherDeadlineTest {
 protected:
  void SetUp() override {
    start(options_for_tests(), {"127.0.0.1"});
    origin_.on("/a", [](Exchange& exchange) { exchange.answer(200, "", "x"); });
  }
  [[nodiscard]] std::string at(const std::string& name) const {
    return fmt::format("http://{}:{}/a", name, origin_.port());
  }
};

TEST_F(NamedOriginTest, FetchesFromANamesAddress) {
  script_name("outer.test", {"127.0.0.1"});
  EXPECT_EQ(word(at("outer.test")), "body");
}

TEST_F(NamedOriginTest, BlocksANameThatLeadsInside) {
  script_name("inner.test", {"127.0.0.9", "10.1.2.3", "::ffff:127.0.0.9"});
  EXPECT_EQ(word(at("inner.test")), "blocked_address");
  EXPECT_EQ(origin_.connections(), 0);
}

TEST_F(NamedOriginTest, OfSeveralAddressesUsesOneThatIsAllowed) {
  script_name("mixed.test", {"127.0.0.9", "127.0.0.1"});
  EXPECT_EQ(word(at("mixed.test")), "body");
}

TEST_F(NamedOriginTest, ANameThatDoesNotExistIsFinal) {
  script_name("missing.test", {});
  const FetchOutcome outcome = get(at("missing.test")).get();
  EXPECT_EQ(word_of(outcome), "dns_failure");
  EXPECT_FALSE(outcome.fault->retryable);
}

TEST_F(NamedOriginTest, ANameThatHangsHoldsUpNobodyAndTimesOut) {
  hang_name("hang.test");
  auto hanging = get(at("hang.test"));
  wait_until_name_hangs("hang.test");
  EXPECT_EQ(word(origin_.url("/a")), "body");
  manual_clock_.advance(seconds(30));
  EXPECT_EQ(word_of(hanging.get()), "timeout");
  EXPECT_EQ(word(origin_.url("/a")), "body");
  let_name_go("hang.test");
}

TEST_F(NamedOriginTest, StoppingDoesNotWaitForANameThatHangs) {
  hang_name("stop.test");
  auto hanging = get(at("stop.test"));
  wait_until_name_hangs("stop.test");
  fetcher_.reset();
  EXPECT_EQ(word_of(hanging.get()), "cancelled");
  let_name_go("stop.test");
}

}  // namespace
}  // namespace imgmill
