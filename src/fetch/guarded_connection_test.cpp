// The guard judges the address that is really connected to: behind a name, among several, and once
// more on a connection that is used again.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fetch/curl_loop.h"
#include "fetch/download.h"
#include "fetch/fetcher_fixture.h"
#include "fetch/scripted_resolver.h"

namespace imgmill {
namespace {

using std::chrono::milliseconds;
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

class ReusedConnectionTest : public testing::Test {
 protected:
  static TransferRules rules(const Clock& clock, const std::vector<std::string>& nets) {
    return {guard_of(nets), clock, seconds(30), 1'000, {}, "imgmill/test"};
  }
  // One download by hand, on the loop and its connections.
  std::string fetch(const TransferRules& rules) {
    std::string word;
    auto transfer = make_download(rules, origin_.url("/a"),
                                  [&](FetchOutcome outcome) { word = word_of(outcome); });
    EXPECT_TRUE(transfer->aim());
    CURL* easy = loop_->take_handle();
    transfer->begin(easy);
    EXPECT_TRUE(loop_->start(easy));
    auto finished = loop_->next_finished();
    for (; !finished; finished = loop_->next_finished()) loop_->turn(milliseconds(100));
    loop_->end(easy);
    EXPECT_FALSE(transfer->finish(finished->result));
    loop_->give_back_handle(easy);
    return word;
  }

  SystemClock clock_;
  TestOrigin origin_;
  std::unique_ptr<CurlLoop> loop_ = CurlLoop::create(4).value();
};

TEST_F(ReusedConnectionTest, IsJudgedAgain) {
  origin_.on("/a", [](Exchange& exchange) { exchange.answer(200, "", "x"); });
  const TransferRules open = rules(clock_, {"127.0.0.0/8"});
  const TransferRules closed = rules(clock_, {});
  EXPECT_EQ(fetch(open), "body");
  EXPECT_EQ(fetch(open), "body");
  EXPECT_EQ(fetch(closed), "blocked_address");
  EXPECT_EQ(origin_.connections(), 1);
  EXPECT_EQ(origin_.requests(), 2);
}

}  // namespace
}  // namespace imgmill
