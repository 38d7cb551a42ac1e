#include "fetch/curl_fetcher.h"

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fetch/test_origin.h"

namespace imgmill {
namespace {

AddressGuard guard_of(std::vector<std::string> nets) { return AddressGuard::create(nets).value(); }

FetchOptions options_for_tests() {
  FetchOptions options;
  options.spool_folder = std::filesystem::temp_directory_path();
  options.user_agent = "imgmill/test";
  return options;
}

std::string text_of(const Spool& spool) {
  std::string text(spool.size(), '\0');
  EXPECT_TRUE(spool.copy_to(std::as_writable_bytes(std::span(text))));
  return text;
}

// "body" of what came, or "word: message" of the fault.
std::string word_of(const FetchOutcome& outcome) {
  EXPECT_NE(outcome.body.has_value(), outcome.fault.has_value());
  return outcome.fault ? code_word(outcome.fault->fault) : "body";
}

class CurlFetcherTest : public testing::Test {
 protected:
  void start(FetchOptions options, std::vector<std::string> nets = {"127.0.0.0/8"}) {
    fetcher_ = CurlFetcher::create(std::move(options), guard_of(std::move(nets)), clock_).value();
  }
  std::future<FetchOutcome> get(std::string url) {
    auto promise = std::make_shared<std::promise<FetchOutcome>>();
    fetcher_->get(std::move(url),
                  [promise](FetchOutcome outcome) { promise->set_value(std::move(outcome)); });
    return promise->get_future();
  }
  void SetUp() override { start(options_for_tests()); }

  SystemClock clock_;
  TestOrigin origin_;
  std::unique_ptr<CurlFetcher> fetcher_;
};

TEST_F(CurlFetcherTest, BringsTheBytes) {
  std::string head;
  origin_.on("/a.jpg", [&](Exchange& exchange) {
    head = exchange.head;
    exchange.answer(200, "", "the picture");
  });
  const FetchOutcome outcome = get(origin_.url("/a.jpg")).get();
  ASSERT_EQ(word_of(outcome), "body");
  EXPECT_EQ(text_of(*outcome.body), "the picture");
  EXPECT_EQ(head, fmt::format("GET /a.jpg HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n"
                              "User-Agent: imgmill/test\r\nAccept: image/*,*/*;q=0.8\r\n"
                              "Accept-Encoding: identity\r\n\r\n",
                              origin_.port()));
}

}  // namespace
}  // namespace imgmill
