// One transfer by hand on a loop, a turn at a time.
#include "fetch/transfer.h"

#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "fetch/curl_loop.h"
#include "fetch/download.h"
#include "fetch/fetcher_fixture.h"

namespace imgmill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TransferTest : public testing::Test {
 protected:
  [[nodiscard]] TransferRules rules(const std::vector<std::string>& nets, seconds timeout) {
    return {.guard = guard_of(nets),
            .clock = clock_,
            .timeout = timeout,
            .source_bytes_max = 1 << 20,
            .spool_folder = {},
            .ca_file = {},
            .user_agent = "imgmill/test"};
  }
  // After each turn `tick` passes.
  std::string fetch(const TransferRules& rules, seconds tick = seconds(0)) {
    auto transfer = make_download(rules, origin_.url("/a"), 1,
                                  [&](FetchOutcome outcome) { outcome_ = std::move(outcome); });
    EXPECT_TRUE(transfer->aim());
    CURL* easy = loop_->take_handle();
    transfer->begin(easy);
    EXPECT_TRUE(loop_->start(easy));
    const CURLcode result = turn_until_over(*transfer, tick);
    loop_->end(easy);
    EXPECT_FALSE(transfer->finish(result));
    loop_->give_back_handle(easy);
    return word_of(outcome_);
  }
  CURLcode turn_until_over(Transfer& transfer, seconds tick) {
    while (true) {
      loop_->turn(milliseconds(1));
      if (const auto finished = loop_->next_finished()) return finished->result;
      clock_.advance(tick);
      if (transfer.overdue(clock_.steady_now())) return CURLE_OPERATION_TIMEDOUT;
    }
  }

  ManualClock clock_;
  TestOrigin origin_;
  FetchOutcome outcome_;
  std::unique_ptr<CurlLoop> loop_ = CurlLoop::create(4).value();
};

TEST_F(TransferTest, AReusedConnectionIsJudgedAgain) {
  origin_.on("/a", [](Exchange& exchange) { exchange.answer(200, "", "x"); });
  const TransferRules open = rules({"127.0.0.0/8"}, seconds(30));
  const TransferRules closed = rules({}, seconds(30));
  EXPECT_EQ(fetch(open), "body");
  EXPECT_EQ(fetch(open), "body");
  EXPECT_EQ(fetch(closed), "blocked_address");
  EXPECT_EQ(origin_.connections(), 1);
  EXPECT_EQ(origin_.requests(), 2);
}

// With each turn ten seconds pass, and only drops have come.
TEST_F(TransferTest, AnOriginThatDripsIsNotWaitedFor) {
  origin_.on("/a", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    for (bool open = true; open; std::this_thread::yield()) open = exchange.send("x");
    exchange.close();
  });
  // So long that no other deadline passes.
  EXPECT_EQ(fetch(rules({"127.0.0.0/8"}, seconds(1'000'000'000)), seconds(10)), "timeout");
  EXPECT_EQ(outcome_.fault->fault.message, "the origin sent its answer too slowly");
  EXPECT_TRUE(outcome_.fault->retryable);
}

}  // namespace
}  // namespace imgmill
