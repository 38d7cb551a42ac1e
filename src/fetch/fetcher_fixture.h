// What the tests of the fetcher share: an origin, a fetcher that may reach it, and answers as
// futures.
#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "fetch/curl_fetcher.h"
#include "fetch/test_origin.h"

namespace imgmill {

[[nodiscard]] inline AddressGuard guard_of(const std::vector<std::string>& nets) {
  return AddressGuard::create(nets).value();
}

[[nodiscard]] inline FetchOptions options_for_tests() {
  FetchOptions options;
  options.spool_folder = std::filesystem::temp_directory_path();
  options.user_agent = "imgmill/test";
  return options;
}

[[nodiscard]] inline std::string text_of(const Spool& spool) {
  std::string text(spool.size(), '\0');
  EXPECT_TRUE(spool.copy_to(std::as_writable_bytes(std::span(text))));
  return text;
}

// "body", or the contract's word for the fault.
[[nodiscard]] inline std::string word_of(const FetchOutcome& outcome) {
  EXPECT_NE(outcome.body.has_value(), outcome.fault.has_value());
  return outcome.fault ? code_word(outcome.fault->fault) : "body";
}

class FetcherTest : public testing::Test {
 protected:
  void SetUp() override { start(options_for_tests()); }

  void start(const FetchOptions& options, const std::vector<std::string>& nets = {"127.0.0.0/8"}) {
    fetcher_ = CurlFetcher::create(options, guard_of(nets), clock()).value();
  }
  [[nodiscard]] virtual const Clock& clock() { return system_clock_; }

  [[nodiscard]] std::future<FetchOutcome> get(std::string url, std::int64_t batch = 1) {
    auto promise = std::make_shared<std::promise<FetchOutcome>>();
    auto answer = promise->get_future();
    fetcher_->get(std::move(url), batch,
                  [promise](FetchOutcome outcome) { promise->set_value(std::move(outcome)); });
    return answer;
  }
  [[nodiscard]] std::string word(std::string url) { return word_of(get(std::move(url)).get()); }

  [[nodiscard]] std::future<PostOutcome> post(Post post) {
    auto promise = std::make_shared<std::promise<PostOutcome>>();
    auto answer = promise->get_future();
    fetcher_->post(std::move(post),
                   [promise](PostOutcome outcome) { promise->set_value(std::move(outcome)); });
    return answer;
  }

  SystemClock system_clock_;
  Gate gate_;  // scripts may wait here until the test's end
  TestOrigin origin_;
  std::unique_ptr<CurlFetcher> fetcher_;
};

// With a clock that stands still: deadlines pass when the test says so.
class FetcherDeadlineTest : public FetcherTest {
 protected:
  [[nodiscard]] const Clock& clock() override { return manual_clock_; }
  ManualClock manual_clock_;
};

}  // namespace imgmill
