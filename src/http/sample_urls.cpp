#include "http/sample_urls.h"

#include <memory>
#include <mutex>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "base/limits.h"

namespace imgmill {
namespace {

// Answers come from other threads, in any order.
class Answers {
 public:
  explicit Answers(std::size_t count) : samples_(count), missing_(count) {}

  void when_complete(Callback<bool> done) { done_ = std::move(done); }
  void put(std::size_t at, UrlSample sample) {
    {
      const std::lock_guard lock(mutex_);
      samples_[at] = std::move(sample);
      if (--missing_ > 0) return;
    }
    done_(true);
  }
  [[nodiscard]] std::vector<UrlSample> take() { return std::move(samples_); }

 private:
  std::mutex mutex_;
  std::vector<UrlSample> samples_;
  std::size_t missing_;
  Callback<bool> done_;
};

ImageFault not_in_time() {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(limits::kSampleDeadline).count();
  return {FaultCode::kTimeout, fmt::format("not answered within the {} s of a dry run", seconds)};
}

}  // namespace

// Whoever looks answers always, at the latest when the round is ended.
Task<std::vector<UrlSample>> sample_urls(Site& site, std::vector<std::string> urls) {
  if (urls.empty()) co_return std::vector<UrlSample>();
  const std::int64_t round = ++site.sample_rounds;
  const auto late = std::make_shared<bool>(false);  // the timer may outlast this frame
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(limits::kSampleDeadline);
  timer.async_wait([&site, round, late](const boost::system::error_code& ended) {
    if (ended) return;
    *late = true;
    site.parts.end_looking(round);
  });
  const auto answers = std::make_shared<Answers>(urls.size());
  auto ask = [&site, &urls, round, answers](Callback<bool> done) {
    answers->when_complete(std::move(done));
    for (std::size_t i = 0; i < urls.size(); ++i) {
      site.parts.look(urls[i], round,
                      [answers, i](UrlSample sample) { answers->put(i, std::move(sample)); });
    }
  };
  co_await from_callback<bool>(std::move(ask));
  timer.cancel();
  std::vector<UrlSample> samples = answers->take();
  for (UrlSample& sample : samples) {
    const bool cut_off = sample.fault && sample.fault->code == FaultCode::kCancelled;
    if (*late && cut_off) sample.fault = not_in_time();
  }
  co_return samples;
}

}  // namespace imgmill
