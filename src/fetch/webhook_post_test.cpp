#include "fetch/webhook_post.h"

#include <atomic>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fetch/fetcher_fixture.h"

namespace imgmill {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class WebhookPostTest : public FetcherDeadlineTest {
 protected:
  [[nodiscard]] PostOutcome status_of(int status, std::string headers, std::string body = "") {
    const std::string path = fmt::format("/{}", status);
    origin_.on(path, [=](Exchange& exchange) { exchange.answer(status, headers, body); });
    return post({origin_.url(path), {}, "{}", seconds(15)}).get();
  }
  void TearDown() override { gate_.open(); }
};

TEST_F(WebhookPostTest, PostsOnceThoughAKeptConnectionIsResetAtTheSecond) {
  std::atomic<int> posts = 0;
  origin_.on("/hook", [&](Exchange& exchange) {
    ++posts;
    if (posts == 1) {
      exchange.answer(200, "", "");
    } else {
      exchange.reset();
    }
  });
  EXPECT_EQ(post({origin_.url("/hook"), {}, "{}", seconds(15)}).get().http_status, 200);
  EXPECT_TRUE(post({origin_.url("/hook"), {}, "{}", seconds(15)}).get().fault);
  EXPECT_EQ(posts.load(), 2);
}

TEST_F(WebhookPostTest, SendsItsHeadersAndItsBodyAsTheyAre) {
  std::string head;
  std::string body;
  origin_.on("/hook", [&](Exchange& exchange) {
    head = exchange.head;
    body = exchange.body;
    manual_clock_.advance(milliseconds(120));
    exchange.answer(204, "", "");
  });
  const std::string large(1'500'000, 'j');  // beyond what libcurl would first ask leave for
  const PostOutcome outcome = post({origin_.url("/hook"),
                                    {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                                    large,
                                    seconds(15)})
                                  .get();
  EXPECT_EQ(outcome.http_status, 204);
  EXPECT_FALSE(outcome.fault);
  EXPECT_EQ(outcome.duration, milliseconds(120));
  EXPECT_THAT(head, HasSubstr("POST /hook HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Empty:\r\n"));
  EXPECT_THAT(head, HasSubstr("User-Agent: imgmill/test\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Expect")));
  EXPECT_TRUE(body == large);
}

TEST_F(WebhookPostTest, AnyStatusIsAnAnswerAndNoRedirectIsFollowed) {
  EXPECT_EQ(status_of(200, "").http_status, 200);
  EXPECT_EQ(status_of(302, "Location: /200\r\n").http_status, 302);
  EXPECT_EQ(status_of(410, "").http_status, 410);
  EXPECT_EQ(status_of(500, "").http_status, 500);
  EXPECT_EQ(origin_.requests(), 4);
}

TEST_F(WebhookPostTest, PassesOnWhenToTryAgain) {
  const PostOutcome outcome = status_of(503, "Retry-After: 90\r\n");
  EXPECT_EQ(outcome.http_status, 503);
  EXPECT_EQ(outcome.retry_after, seconds(90));
  EXPECT_EQ(status_of(429, "").retry_after, std::nullopt);
}

TEST_F(WebhookPostTest, AReplyWithoutEndIsStillAnAnswer) {
  origin_.on("/endless", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\n\r\n");
    while (exchange.send(std::string(64 << 10, 'x'))) {
    }
    exchange.close();
  });
  EXPECT_EQ(post({origin_.url("/endless"), {}, "{}", seconds(15)}).get().http_status, 200);
}

TEST_F(WebhookPostTest, NoAnswerWithinTheDeadlineIsATimeout) {
  origin_.on("/silent", [this](Exchange& exchange) {
    gate_.wait_until_open();
    exchange.close();
  });
  auto answer = post({origin_.url("/silent"), {}, "{}", seconds(15)});
  gate_.wait_for_arrivals(1);
  manual_clock_.advance(seconds(15));
  const PostOutcome outcome = answer.get();
  ASSERT_TRUE(outcome.fault);
  EXPECT_EQ(outcome.fault->code, FaultCode::kTimeout);
  EXPECT_EQ(outcome.http_status, 0);
  EXPECT_EQ(outcome.duration, seconds(15));
}

TEST_F(WebhookPostTest, IsJudgedByTheSameGuard) {
  start(options_for_tests(), {"127.0.0.1"});
  TestOrigin inner("127.0.0.2");
  const PostOutcome outcome = post({inner.url("/hook"), {}, "{}", seconds(15)}).get();
  ASSERT_TRUE(outcome.fault);
  EXPECT_EQ(outcome.fault->code, FaultCode::kBlockedAddress);
  EXPECT_EQ(inner.connections(), 0);
}

TEST_F(WebhookPostTest, WhatIsNoUrlIsAFault) {
  const PostOutcome outcome = post({"ftp://127.0.0.1/", {}, "{}", seconds(15)}).get();
  ASSERT_TRUE(outcome.fault);
  EXPECT_EQ(outcome.fault->code, FaultCode::kInvalidUrl);
}

}  // namespace
}  // namespace imgmill
