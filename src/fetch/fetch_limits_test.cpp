// What an origin must not be able to do: send without end, pack without end, take all places, or
// take all the time in the world.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <string>
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

class FetchSizeTest : public FetcherTest {
 protected:
  void SetUp() override {
    FetchOptions options = options_for_tests();
    options.source_bytes_max = 1'000;
    start(options);
  }
  void answer(const std::string& path, const std::string& headers, const std::string& body) {
    origin_.on(path, [=](Exchange& exchange) { exchange.answer(200, headers, body); });
  }
};

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned char byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

// "the picture", and 100,000 times "a".
const std::string kPackedPicture =
    from_hex("1f8b08000000000002032bc9485528c84c2e292d4a050053e279830b000000");
const std::string kPackedBomb = from_hex(
    "1f8b0800000000000203edc13101000000c2a0aceb5fc21a1e400100000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000af0687fae21ba0860100");

TEST_F(FetchSizeTest, TakesABodyOfExactlyTheBoundAndNotAByteMore) {
  answer("/bound", "", std::string(1'000, 'x'));
  answer("/over", "", std::string(1'001, 'x'));
  EXPECT_EQ(word_of(get(origin_.url("/bound")).get()), "body");
  const FetchOutcome over = get(origin_.url("/over")).get();
  EXPECT_EQ(word_of(over), "too_large");
  EXPECT_FALSE(over.fault->retryable);
}

TEST_F(FetchSizeTest, CountsWhatComesWhenNoLengthWasGiven) {
  origin_.on("/endless", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\n\r\n");
    while (exchange.send(std::string(64 << 10, 'x'))) {
    }
    exchange.close();
  });
  EXPECT_EQ(word(origin_.url("/endless")), "too_large");
}

TEST_F(FetchSizeTest, StopsAFiveGigabyteBodyAtTheBound) {
  std::promise<std::uint64_t> sent;
  origin_.on("/5GB", [&](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(64 << 10, 'x') + "\r\n";
    std::uint64_t bytes = 0;
    while (bytes < 5'000'000'000 && exchange.send(chunk)) bytes += chunk.size();
    sent.set_value(bytes);
    exchange.close();
  });
  EXPECT_EQ(word(origin_.url("/5GB")), "too_large");
  EXPECT_LT(sent.get_future().get(), 64U << 20);  // the kernel's buffers on loopback hold some
}

TEST_F(FetchSizeTest, BoundsTheHeaders) {
  origin_.on("/headers", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\n");
    while (exchange.send("X-Padding: " + std::string(1'000, 'x') + "\r\n")) {
    }
    exchange.close();
  });
  origin_.on("/continue", [](Exchange& exchange) {
    while (exchange.send("HTTP/1.1 100 Continue\r\n\r\n")) {
    }
    exchange.close();
  });
  origin_.on("/long", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nX-Padding: ");
    while (exchange.send(std::string(1'000, 'x'))) {
    }
    exchange.close();
  });
  EXPECT_EQ(word(origin_.url("/long")), "too_large");
  const FetchOutcome outcome = get(origin_.url("/headers")).get();
  EXPECT_EQ(word_of(outcome), "too_large");
  EXPECT_THAT(outcome.fault->fault.message, HasSubstr("headers"));
  EXPECT_EQ(word(origin_.url("/continue")), "too_large");
}

TEST_F(FetchSizeTest, UnpacksWhatWasPackedUnasked) {
  answer("/packed", "Content-Encoding: gzip\r\n", kPackedPicture);
  const FetchOutcome outcome = get(origin_.url("/packed")).get();
  ASSERT_EQ(word_of(outcome), "body");
  EXPECT_EQ(text_of(*outcome.body), "the picture");
}

TEST_F(FetchSizeTest, CountsUnpackedBytes) {
  ASSERT_LT(kPackedBomb.size(), 1'000U);
  answer("/bomb", "Content-Encoding: gzip\r\n", kPackedBomb);
  EXPECT_EQ(word(origin_.url("/bomb")), "too_large");
}

TEST_F(FetchSizeTest, TakesWhatItDoesNotUnpackAsItComes) {
  answer("/twice", "Content-Encoding: gzip, gzip\r\n", kPackedBomb);
  answer("/two", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", kPackedBomb);
  answer("/mislabelled", "Content-Encoding: binary\r\n", "the picture");
  EXPECT_EQ(text_of(*get(origin_.url("/twice")).get().body), kPackedBomb);
  EXPECT_EQ(text_of(*get(origin_.url("/two")).get().body), kPackedBomb);
  EXPECT_EQ(text_of(*get(origin_.url("/mislabelled")).get().body), "the picture");
}

TEST_F(FetchSizeTest, BrokenPackingAndPackedTransfersAreFaults) {
  answer("/broken", "Content-Encoding: gzip\r\n", "this is no gzip at all");
  origin_.on("/transfer", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, gzip\r\n\r\n" + kPackedBomb);
    exchange.close();
  });
  EXPECT_EQ(word(origin_.url("/broken")), "corrupt_image");
  EXPECT_EQ(word(origin_.url("/transfer")), "connect_failed");
}

// Counts how many of its scripts run at once; each waits until it is let go.
class Crowd {
 public:
  void enter() {
    std::unique_lock lock(mutex_);
    most_ = std::max(most_, ++inside_);
    changed_.notify_all();
    changed_.wait(lock, [this] { return let_go_ > 0; });
    --let_go_;
    --inside_;
  }
  void wait_until_inside(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }
  void let_go(int count) {
    const std::lock_guard lock(mutex_);
    let_go_ += count;
    changed_.notify_all();
  }
  [[nodiscard]] int most() {
    const std::lock_guard lock(mutex_);
    return most_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  int most_ = 0;
  int let_go_ = 0;
};

class FetchPlacesTest : public FetcherTest {
 protected:
  void crowd(TestOrigin& origin) {
    origin.on("/a", [this](Exchange& exchange) {
      crowd_.enter();
      exchange.answer(200, "", "x");
    });
  }
  void TearDown() override { crowd_.let_go(1'000); }
  Crowd crowd_;
};

TEST_F(FetchPlacesTest, OneOriginHasSixteenPlacesAndUsesThem) {
  crowd(origin_);
  std::vector<std::future<FetchOutcome>> answers;
  for (int i = 0; i < 48; ++i) answers.push_back(get(origin_.url("/a")));
  for (int i = 0; i < 32; ++i) {
    crowd_.wait_until_inside(16);
    crowd_.let_go(1);
  }
  crowd_.let_go(16);
  for (auto& answer : answers) EXPECT_EQ(word_of(answer.get()), "body");
  EXPECT_EQ(crowd_.most(), 16);
  EXPECT_LE(origin_.connections(), 16);
}

TEST_F(FetchPlacesTest, AllOriginsTogetherHaveAsManyPlacesAsWereSet) {
  FetchOptions options = options_for_tests();
  options.concurrency = 5;
  options.per_host = 3;
  start(options);
  TestOrigin second("127.0.0.2");
  TestOrigin third("127.0.0.3");
  std::vector<std::future<FetchOutcome>> answers;
  for (TestOrigin* origin : {&origin_, &second, &third}) crowd(*origin);
  for (int i = 0; i < 8; ++i) {
    for (TestOrigin* origin : {&origin_, &second, &third})
      answers.push_back(get(origin->url("/a")));
  }
  crowd_.wait_until_inside(5);
  crowd_.let_go(24);
  for (auto& answer : answers) EXPECT_EQ(word_of(answer.get()), "body");
  EXPECT_EQ(crowd_.most(), 5);
}

TEST_F(FetchPlacesTest, ASlowOriginHoldsUpNobodyElse) {
  crowd(origin_);
  TestOrigin quick("127.0.0.2");
  quick.on("/a", [](Exchange& exchange) { exchange.answer(200, "", "x"); });
  std::vector<std::future<FetchOutcome>> slow;
  for (int i = 0; i < 200; ++i) slow.push_back(get(origin_.url("/a")));
  crowd_.wait_until_inside(16);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(word(quick.url("/a")), "body");
  crowd_.let_go(200);
  for (auto& answer : slow) EXPECT_EQ(word_of(answer.get()), "body");
}

TEST_F(FetchPlacesTest, ABatchOfSlowOriginsLeavesPlacesForAnother) {
  TestOrigin second("127.0.0.2");
  TestOrigin third("127.0.0.3");
  TestOrigin fourth("127.0.0.4");
  TestOrigin quick("127.0.0.5");
  quick.on("/a", [](Exchange& exchange) { exchange.answer(200, "", "x"); });
  std::vector<std::future<FetchOutcome>> slow;
  for (TestOrigin* origin : {&origin_, &second, &third, &fourth}) {
    crowd(*origin);
    for (int i = 0; i < 20; ++i) slow.push_back(get(origin->url("/a"), 1));
  }
  crowd_.wait_until_inside(56);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(word_of(get(quick.url("/a"), 2).get()), "body");
  EXPECT_EQ(crowd_.most(), 56);
  crowd_.let_go(80);
  for (auto& answer : slow) EXPECT_EQ(word_of(answer.get()), "body");
}

TEST_F(FetchPlacesTest, ADroppedBatchIsBrokenOffAndGivesItsPlacesBack) {
  crowd(origin_);
  std::vector<std::future<FetchOutcome>> dropped;
  for (int i = 0; i < 40; ++i) dropped.push_back(get(origin_.url("/a"), 1));
  crowd_.wait_until_inside(16);
  auto other = get(origin_.url("/a"), 2);
  fetcher_->drop(1);
  for (auto& answer : dropped) EXPECT_EQ(word_of(answer.get()), "cancelled");
  crowd_.let_go(1'000);
  EXPECT_EQ(word_of(other.get()), "body");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(word_of(get(origin_.url("/a"), 1).get()), "body");
}

TEST_F(FetchPlacesTest, WebhooksNeedNoPlaceOfTheDownloads) {
  FetchOptions options = options_for_tests();
  options.concurrency = 1;
  start(options);
  crowd(origin_);
  auto slow = get(origin_.url("/a"));
  crowd_.wait_until_inside(1);
  origin_.on("/hook", [](Exchange& exchange) { exchange.answer(200, "", ""); });
  EXPECT_EQ(post({origin_.url("/hook"), {}, "{}", seconds(15)}).get().http_status, 200);
  crowd_.let_go(1);
  EXPECT_EQ(word_of(slow.get()), "body");
}

class FetchTimeTest : public FetcherDeadlineTest {
 protected:
  void hang_after(const std::string& path, const std::string& bytes) {
    origin_.on(path, [this, bytes](Exchange& exchange) {
      exchange.send(bytes);
      gate_.wait_until_open();
      exchange.close();
    });
  }
  void TearDown() override { gate_.open(); }
};

TEST_F(FetchTimeTest, AnOriginThatDoesNotBeginHasHalfOfTheTime) {
  hang_after("/silent", "");
  auto answer = get(origin_.url("/silent"));
  gate_.wait_for_arrivals(1);
  manual_clock_.advance(seconds(15));
  const FetchOutcome outcome = answer.get();
  EXPECT_EQ(word_of(outcome), "timeout");
  EXPECT_TRUE(outcome.fault->retryable);
  EXPECT_THAT(outcome.fault->fault.message, HasSubstr("begin"));
}

TEST_F(FetchTimeTest, AnOriginThatDoesNotEndHasTheWholeTime) {
  hang_after("/endless", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  auto answer = get(origin_.url("/endless"));
  gate_.wait_for_arrivals(1);
  manual_clock_.advance(seconds(30));
  const FetchOutcome outcome = answer.get();
  EXPECT_EQ(word_of(outcome), "timeout");
  EXPECT_TRUE(outcome.fault->retryable);
}

TEST_F(FetchTimeTest, TheTimeIsThatOfAllHopsTogether) {
  origin_.on("/first", [this](Exchange& exchange) {
    manual_clock_.advance(seconds(14));
    exchange.answer(302, "Location: /second\r\n", "");
  });
  origin_.on("/second", [this](Exchange& exchange) {
    manual_clock_.advance(seconds(14));
    exchange.answer(302, "Location: /third\r\n", "");
  });
  hang_after("/third", "");
  auto answer = get(origin_.url("/first"));
  gate_.wait_for_arrivals(1);
  manual_clock_.advance(seconds(2));
  EXPECT_EQ(word_of(answer.get()), "timeout");
}

TEST_F(FetchTimeTest, ADateToTryAgainIsReadByOurClock) {
  origin_.on("/busy", [](Exchange& exchange) {
    exchange.answer(429, "Retry-After: Tue, 14 Nov 2023 22:15:20 GMT\r\n", "");
  });
  EXPECT_EQ(get(origin_.url("/busy")).get().fault->retry_after, seconds(120));
}

}  // namespace
}  // namespace imgmill
