#include "cli/poll_pace.h"

#include <algorithm>

namespace imgmill::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kFirst = 500ms;  // most sheets of a few images are done by then
constexpr milliseconds kShortest = 1s;
constexpr milliseconds kLongest = 10s;
constexpr int kLooks = 30;  // a batch that has taken n seconds is looked at every n/30
constexpr milliseconds kTroubleLongest = 15s;
constexpr milliseconds kRetryAfterMax = 60s;
constexpr int kDoublings = 4;

}  // namespace

milliseconds PollPace::after_answer(Moment now, std::optional<std::chrono::seconds> eta) {
  trouble_since_.reset();
  troubles_ = 0;
  if (!answered_) {
    answered_ = true;
    return kFirst;
  }
  const auto elapsed = std::chrono::duration_cast<milliseconds>(now - start_);
  const milliseconds pause = std::clamp(elapsed / kLooks, kShortest, kLongest);
  return eta ? std::min<milliseconds>(pause, std::max<milliseconds>(*eta, kShortest)) : pause;
}

std::optional<milliseconds> PollPace::after_trouble(
    Moment now, std::optional<std::chrono::seconds> retry_after) {
  if (!trouble_since_) trouble_since_ = now;
  const auto spent = std::chrono::duration_cast<milliseconds>(now - *trouble_since_);
  const milliseconds left = patience_ - spent;
  if (left <= 0ms) return std::nullopt;
  milliseconds pause =
      std::min(kShortest * (1 << std::min(troubles_++, kDoublings)), kTroubleLongest);
  if (retry_after) {
    pause = std::max<milliseconds>(pause, std::min<milliseconds>(*retry_after, kRetryAfterMax));
  }
  return std::min(pause, left);
}

}  // namespace imgmill::cli
