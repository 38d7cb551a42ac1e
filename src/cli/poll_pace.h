// When a request that is watched is looked at again: soon at first, less often the longer it takes,
// and not before a busy server wants it. Pure: the caller says what time it is.
#pragma once

#include <chrono>
#include <optional>

namespace imgmill::cli {

class PollPace {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  // `patience`: how long a server may fail to answer before the watching ends.
  PollPace(Moment start, std::chrono::seconds patience) : start_(start), patience_(patience) {}

  // The pause after an answer; `eta` is the server's own guess.
  [[nodiscard]] std::chrono::milliseconds after_answer(Moment now,
                                                       std::optional<std::chrono::seconds> eta);
  // The pause after none, or after one that says "later"; nullopt when patience is at its end.
  [[nodiscard]] std::optional<std::chrono::milliseconds> after_trouble(
      Moment now, std::optional<std::chrono::seconds> retry_after);
  [[nodiscard]] bool in_trouble() const { return trouble_since_.has_value(); }

 private:
  const Moment start_;
  const std::chrono::seconds patience_;
  bool answered_ = false;
  std::optional<Moment> trouble_since_;
  int troubles_ = 0;
};

}  // namespace imgmill::cli
