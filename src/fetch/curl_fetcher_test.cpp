#include "fetch/curl_fetcher.h"

#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "fetch/fetcher_fixture.h"

namespace imgmill {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class CurlFetcherTest : public FetcherTest {
 protected:
  void answer(const std::string& path, int status, const std::string& headers,
              const std::string& body) {
    origin_.on(path, [=](Exchange& exchange) { exchange.answer(status, headers, body); });
  }
};

// A port that nobody listens on, for as long as it lives.
class ClosedPort {
 public:
  ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    port_ = ntohs(name.sin_port);
  }
  [[nodiscard]] int port() const { return port_; }

 private:
  UniqueFd socket_;
  int port_ = 0;
};

TEST_F(CurlFetcherTest, AsksForAnImageAndBringsItsBytes) {
  std::string head;
  origin_.on("/a.jpg", [&](Exchange& exchange) {
    head = exchange.head;
    exchange.answer(200, "Content-Type: text/html\r\n", "the picture");
  });
  const FetchOutcome outcome = get(origin_.url("/a.jpg#top")).get();
  ASSERT_EQ(word_of(outcome), "body");
  EXPECT_EQ(text_of(*outcome.body), "the picture");
  EXPECT_EQ(head, fmt::format("GET /a.jpg HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n"
                              "User-Agent: imgmill/test\r\nAccept: image/*,*/*;q=0.8\r\n"
                              "Accept-Encoding: identity\r\n\r\n",
                              origin_.port()));
}

TEST_F(CurlFetcherTest, BringsABodyThatIsLargerThanMemoryHolds) {
  std::string picture(3 * limits::kSpoolMemoryBytes + 17, '\0');
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<char>(i * 31 >> 3);
  answer("/large", 200, "", picture);
  const FetchOutcome outcome = get(origin_.url("/large")).get();
  ASSERT_EQ(word_of(outcome), "body");
  EXPECT_TRUE(text_of(*outcome.body) == picture);
}

TEST_F(CurlFetcherTest, UsesItsConnectionAgainAndRemembersNothingElse) {
  std::string head;
  origin_.on("/first", [](Exchange& exchange) {
    exchange.answer(503, "Set-Cookie: a=b\r\nRetry-After: 7\r\nLocation: /x\r\n", "later");
  });
  origin_.on("/second", [&](Exchange& exchange) {
    head = exchange.head;
    exchange.answer(302, "", "");
  });
  EXPECT_EQ(get(origin_.url("/first")).get().fault->retry_after, seconds(7));
  const FetchOutcome second = get(origin_.url("/second")).get();
  EXPECT_EQ(word_of(second), "http_302");
  EXPECT_EQ(second.fault->retry_after, std::nullopt);
  EXPECT_THAT(head, Not(HasSubstr("Cookie")));
  EXPECT_EQ(origin_.connections(), 1);
}

TEST_F(CurlFetcherTest, TakesNoProxyFromTheEnvironment) {
  const ClosedPort nobody;
  const std::string proxy = fmt::format("http://127.0.0.1:{}", nobody.port());
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) setenv(name, proxy.c_str(), 1);
  start(options_for_tests());
  answer("/a", 200, "", "x");
  EXPECT_EQ(word(origin_.url("/a")), "body");
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
}

TEST_F(CurlFetcherTest, AnswersAStatusThatIsNoSuccessWithItsCode) {
  for (const int status : {206, 304, 400, 401, 403, 404, 410, 429, 500, 503}) {
    answer(fmt::format("/{}", status), status, "", status == 304 ? "" : "page");
    EXPECT_EQ(word(origin_.url(fmt::format("/{}", status))), fmt::format("http_{}", status));
  }
  EXPECT_TRUE(get(origin_.url("/503")).get().fault->retryable);
  EXPECT_FALSE(get(origin_.url("/404")).get().fault->retryable);
}

// No range was asked for: a part is no picture, whatever becomes of the transfer.
TEST_F(CurlFetcherTest, APartIsAStatusHoweverItComes) {
  const std::vector<std::pair<std::string, std::string>> parts{
      {"/range", "Content-Range: bytes 0-4/10\r\nContent-Length: 5\r\n\r\nabcde"},
      {"/offset", "Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nabcde"},
      {"/no-range", "Content-Range: bytes */10\r\nContent-Length: 5\r\n\r\nabcde"},
      {"/cut", "Content-Length: 100\r\n\r\nabcde"},
      {"/cut-head", "Content-Length: 100\r\n"},
      {"/coded", "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde"},
      {"/odd-coding", "Content-Encoding: rot13\r\nContent-Length: 5\r\n\r\nabcde"},
      {"/bad-chunks", "Transfer-Encoding: chunked\r\n\r\nzz\r\nabcde\r\n"},
      {"/odd-transfer", "Transfer-Encoding: gzip\r\n\r\nabcde"},
      {"/huge", "Content-Length: 99999999999\r\n\r\nabcde"},
      {"/no-number", "Content-Length: -1\r\n\r\nabcde"},
      {"/large-head", "X: " + std::string(limits::kFetchHeaderBytesMax, 'x') + "\r\n\r\n"}};
  for (const auto& [path, rest] : parts) {
    origin_.on(path, [&rest](Exchange& exchange) {
      exchange.send("HTTP/1.1 206 Partial Content\r\nConnection: close\r\n" + rest);
      exchange.close();
    });
    EXPECT_EQ(word(origin_.url(path)), "http_206") << path;
  }
}

TEST_F(CurlFetcherTest, APartBeforeAnythingWasAskedIsAStatusToo) {
  origin_.greet_with("HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nabcde");
  EXPECT_EQ(word(origin_.url("/any")), "http_206");
}

TEST_F(CurlFetcherTest, ASwitchToWhatNobodyAskedForIsAStatus) {
  origin_.on("/101", [](Exchange& exchange) {
    exchange.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde");
    exchange.close();
  });
  EXPECT_EQ(word(origin_.url("/101")), "http_101");
}

TEST_F(CurlFetcherTest, ReadsNoErrorPageToItsEnd) {
  origin_.on("/404", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 404 No\r\nContent-Length: 5000000000\r\n\r\n");
    while (exchange.send(std::string(64 << 10, 'x'))) {
    }
    exchange.close();
  });
  EXPECT_EQ(word(origin_.url("/404")), "http_404");
}

TEST_F(CurlFetcherTest, NothingIsNoImage) {
  answer("/zero", 200, "", "");
  answer("/204", 204, "", "");
  EXPECT_EQ(word(origin_.url("/zero")), "empty_body");
  EXPECT_EQ(word(origin_.url("/204")), "empty_body");
}

TEST_F(CurlFetcherTest, FollowsFiveRedirectsAndNotSix) {
  for (int i = 1; i <= 6; ++i) {
    answer(fmt::format("/hop{}", i), 300 + (i == 6 ? 8 : i % 2 + 1),
           fmt::format("Location: /hop{}\r\n", i - 1), "moved");
  }
  answer("/hop0", 200, "", "arrived");
  answer("/loop", 302, "Location: /loop\r\n", "");
  EXPECT_EQ(word(origin_.url("/hop5")), "body");
  EXPECT_EQ(word(origin_.url("/hop6")), "too_many_redirects");
  EXPECT_EQ(word(origin_.url("/loop")), "too_many_redirects");
  EXPECT_EQ(origin_.connections(), 1);
}

TEST_F(CurlFetcherTest, FollowsARedirectToAnotherOriginWithoutTheCredentials) {
  TestOrigin other("127.0.0.2");
  std::string first_head;
  std::string second_head;
  other.on("/b", [&](Exchange& exchange) {
    second_head = exchange.head;
    exchange.answer(200, "", "there");
  });
  origin_.on("/a", [&](Exchange& exchange) {
    first_head = exchange.head;
    exchange.answer(301, fmt::format("Location: {}\r\n", other.url("/b")),
                    std::string(200'000, 'x'));
  });
  EXPECT_EQ(word(fmt::format("http://us%40er:s%3Acret@127.0.0.1:{}/a", origin_.port())), "body");
  EXPECT_THAT(first_head, HasSubstr("Authorization: Basic dXNAZXI6czpjcmV0\r\n"));
  EXPECT_THAT(second_head, Not(HasSubstr("Authorization")));
  EXPECT_THAT(second_head, Not(HasSubstr("Referer")));
}

TEST_F(CurlFetcherTest, FollowsNoRedirectOutOfHttp) {
  answer("/file", 302, "Location: file:///etc/passwd\r\n", "");
  answer("/ftp", 302, "Location: ftp://127.0.0.1/\r\n", "");
  answer("/nowhere", 302, "", "");
  EXPECT_EQ(word(origin_.url("/file")), "invalid_url");
  EXPECT_EQ(word(origin_.url("/ftp")), "invalid_url");
  EXPECT_EQ(word(origin_.url("/nowhere")), "http_302");
}

TEST_F(CurlFetcherTest, BlocksAnAddressAndSaysHowToAllowIt) {
  start(options_for_tests(), {});
  const FetchOutcome outcome = get(origin_.url("/a")).get();
  EXPECT_EQ(word_of(outcome), "blocked_address");
  EXPECT_FALSE(outcome.fault->retryable);
  EXPECT_THAT(outcome.fault->fault.message, HasSubstr("--allow-nets 127.0.0.0/8"));
  EXPECT_EQ(origin_.connections(), 0);
}

TEST_F(CurlFetcherTest, BlocksARedirectToABlockedAddress) {
  start(options_for_tests(), {"127.0.0.1"});
  TestOrigin inner("127.0.0.2");
  answer("/a", 302, fmt::format("Location: {}\r\n", inner.url("/secret")), "");
  EXPECT_EQ(word(origin_.url("/a")), "blocked_address");
  EXPECT_EQ(inner.connections(), 0);
}

TEST_F(CurlFetcherTest, RefusesWhatIsNoUrlAndKeepsThePasswordToItself) {
  for (const char* url :
       {"", "ftp://127.0.0.1/a", "http://u:secret@exa mple/", "file:///etc/passwd"}) {
    const FetchOutcome outcome = get(url).get();
    EXPECT_EQ(word_of(outcome), "invalid_url") << url;
    EXPECT_THAT(outcome.fault->fault.message, Not(HasSubstr("secret")));
  }
}

TEST_F(CurlFetcherTest, ARefusedConnectionIsTriedAgain) {
  const ClosedPort nobody;
  const FetchOutcome outcome =
      get(fmt::format("http://u:secret@127.0.0.1:{}/", nobody.port())).get();
  EXPECT_EQ(word_of(outcome), "connect_failed");
  EXPECT_TRUE(outcome.fault->retryable);
  EXPECT_THAT(outcome.fault->fault.message, Not(HasSubstr("secret")));
}

TEST_F(CurlFetcherTest, WhatSpeaksNoTlsIsATlsFailure) {
  origin_.greet_with("220 mail.example.com ready\r\n");
  const FetchOutcome outcome = get(fmt::format("https://127.0.0.1:{}/a", origin_.port())).get();
  EXPECT_EQ(word_of(outcome), "tls_failed");
  EXPECT_FALSE(outcome.fault->retryable);
}

TEST_F(CurlFetcherTest, ABrokenConnectionIsTriedAgain) {
  origin_.on("/long", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    exchange.close();
  });
  origin_.on("/chunked", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this");
    exchange.close();
  });
  origin_.on("/reset", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    exchange.reset();
  });
  origin_.on("/nothing", [](Exchange& exchange) { exchange.close(); });
  for (const char* path : {"/long", "/chunked", "/reset", "/nothing"}) {
    const FetchOutcome outcome = get(origin_.url(path)).get();
    EXPECT_EQ(word_of(outcome), "connect_failed") << path;
    EXPECT_TRUE(outcome.fault->retryable) << path;
  }
}

TEST_F(CurlFetcherTest, AsksOnceThoughAKeptConnectionIsReset) {
  std::atomic<int> asked = 0;
  origin_.on("/resets", [&](Exchange& exchange) {
    ++asked;
    exchange.reset();
  });
  answer("/fine", 200, "", "x");
  EXPECT_EQ(word(origin_.url("/fine")), "body");  // leaves its connection for the next
  const FetchOutcome outcome = get(origin_.url("/resets")).get();
  ASSERT_TRUE(outcome.fault);
  EXPECT_EQ(code_word(outcome.fault->fault), "connect_failed");
  EXPECT_TRUE(outcome.fault->retryable);
  EXPECT_EQ(asked.load(), 1);
}

TEST_F(CurlFetcherTest, ALengthThatIsTooShortEndsTheBody) {
  origin_.on("/short", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore than this");
    exchange.close();
  });
  const FetchOutcome outcome = get(origin_.url("/short")).get();
  ASSERT_EQ(word_of(outcome), "body");
  EXPECT_EQ(text_of(*outcome.body), "more");
  answer("/next", 200, "", "clean");
  EXPECT_EQ(text_of(*get(origin_.url("/next")).get().body), "clean");
}

TEST_F(CurlFetcherTest, WhatIsNotHttpIsNoAnswer) {
  origin_.on("/ssh", [](Exchange& exchange) {
    exchange.send("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    exchange.close();
  });
  EXPECT_EQ(word(origin_.url("/ssh")), "connect_failed");
}

TEST_F(CurlFetcherTest, ASpoolThatCannotBeKeptIsAStorageFault) {
  FetchOptions options = options_for_tests();
  options.spool_folder = "/nonexistent/folder";
  start(options);
  answer("/large", 200, "", std::string(limits::kSpoolMemoryBytes + 1, 'x'));
  const FetchOutcome outcome = get(origin_.url("/large")).get();
  EXPECT_EQ(word_of(outcome), "storage_failed");
  EXPECT_THAT(outcome.fault->fault.message, Not(HasSubstr("nonexistent")));
}

TEST_F(CurlFetcherTest, TakesRequestsFromManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  answer("/a", 200, "", "x");
  std::vector<std::vector<std::future<FetchOutcome>>> answers(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, &mine = answers[static_cast<std::size_t>(i)]] {
      for (int n = 0; n < kEach; ++n) mine.push_back(get(origin_.url("/a")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (auto& mine : answers) {
    for (auto& answer : mine) EXPECT_EQ(word_of(answer.get()), "body");
  }
  EXPECT_EQ(origin_.requests(), kThreads * kEach);
}

TEST_F(CurlFetcherTest, StopAnswersWhatIsUnderWayWhatWaitsAndWhatComesLater) {
  TestOrigin quick("127.0.0.2");
  origin_.on("/hang", [this](Exchange& exchange) {
    gate_.wait_until_open();
    exchange.close();
  });
  std::vector<std::future<FetchOutcome>> answers;
  for (int i = 0; i < 40; ++i) answers.push_back(get(origin_.url("/hang")));
  auto webhook = post({origin_.url("/hang"), {}, "{}", seconds(15)});
  gate_.wait_for_arrivals(17);
  // Answered, so all that was asked for before stands in the queue.
  EXPECT_EQ(word(quick.url("/")), "http_404");
  fetcher_->stop();
  answers.push_back(get(origin_.url("/hang")));
  for (auto& answer : answers) {
    const FetchOutcome outcome = answer.get();
    EXPECT_EQ(word_of(outcome), "cancelled");
    EXPECT_TRUE(outcome.fault->retryable);
  }
  const PostOutcome posted = webhook.get();
  ASSERT_TRUE(posted.fault);
  EXPECT_EQ(posted.fault->code, FaultCode::kCancelled);
  fetcher_->stop();
  gate_.open();
}

TEST_F(CurlFetcherTest, ACallbackMayAskForMoreAndMayStop) {
  answer("/a", 200, "", "x");
  std::promise<std::string> second;
  fetcher_->get(origin_.url("/a"), 1, [&](const FetchOutcome&) {
    fetcher_->get(origin_.url("/a"), 1, [&](const FetchOutcome& outcome) {
      fetcher_->stop();
      second.set_value(word_of(outcome));
    });
  });
  EXPECT_EQ(second.get_future().get(), "body");
  EXPECT_EQ(word(origin_.url("/a")), "cancelled");
}

TEST_F(CurlFetcherTest, APeekReadsTheFrontAlone) {
  const std::string body(3 << 20, 'x');
  answer("/large.jpg", 200, "", body);
  std::promise<Peeked> promise;
  fetcher_->peek(origin_.url("/large.jpg"), 1,
                 [&promise](Peeked peeked) { promise.set_value(std::move(peeked)); });
  const Peeked peeked = promise.get_future().get();
  ASSERT_EQ(word_of(peeked.outcome), "body");
  EXPECT_EQ(peeked.http_status, 200);
  EXPECT_EQ(peeked.whole_bytes, body.size());
  EXPECT_GE(peeked.outcome.body->size(), limits::kPeekBytes);
  EXPECT_LT(peeked.outcome.body->size(), body.size());
}

TEST_F(CurlFetcherTest, APeekIsBrokenOffWithItsRound) {
  Gate asked;
  origin_.on("/never.jpg", [&](Exchange& exchange) {
    asked.open();
    exchange.wait_for_close();
  });
  std::promise<Peeked> promise;
  fetcher_->peek(origin_.url("/never.jpg"), 7,
                 [&promise](Peeked peeked) { promise.set_value(std::move(peeked)); });
  asked.wait_until_open();
  fetcher_->drop_peeks(7);
  EXPECT_EQ(word_of(promise.get_future().get().outcome), "cancelled");
}

}  // namespace
}  // namespace imgmill
