// Who may start next: at most `places` at once and `places_per_origin` of one origin. What waits
// stands in lanes, one for each batch and origin; lanes take turns, so one with ten thousand
// waiting delays another's first by one turn. Inside a lane, first come first served.
//
// A batch starts another only while it holds less than seven times the places that are free. Alone
// it has 56 of 64, and however slow its origins are, the next batch finds seven and the one after
// that the last: nobody waits for a stranger's black hole. Below eight places there is nothing to
// set aside.
//
// Looks for dry runs (a negative batch) have lanes of their own but hold their places together:
// many of them are no more than one batch.
//
// Bounded by its callers: they hand in what they lease. One thread at a time. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"

namespace imgmill {

struct LaneName {
  std::int64_t batch = 0;
  std::string origin;

  auto operator<=>(const LaneName&) const = default;
};

template <class Entry>
class FairQueue {
 public:
  FairQueue(int places, int places_per_origin)
      : places_free_(places), places_per_origin_(places_per_origin) {}

  void push(const LaneName& name, Entry entry) {
    std::deque<Entry>& waiting = lanes_[name];
    if (waiting.empty()) turns_.push_back(name);
    waiting.push_back(std::move(entry));
  }

  // The next that may start; its place is taken until give_back(). nullopt: nobody may.
  [[nodiscard]] std::optional<Entry> take() {
    if (places_free_ == 0) return std::nullopt;
    for (auto turn = turns_.begin(); turn != turns_.end(); ++turn) {
      if (!may_start(*turn)) continue;
      LaneName name = std::move(*turn);
      turns_.erase(turn);
      return start(std::move(name));
    }
    return std::nullopt;
  }

  void give_back(const LaneName& name) {
    release(by_origin_, name.origin);
    release(by_batch_, holder_of(name.batch));
    ++places_free_;
  }

  // What waits of one batch, out of the queue.
  [[nodiscard]] std::vector<Entry> take_out(std::int64_t batch) {
    std::vector<Entry> taken;
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
      if (lane->first.batch != batch) {
        ++lane;
        continue;
      }
      for (Entry& entry : lane->second) taken.push_back(std::move(entry));
      lane = lanes_.erase(lane);
    }
    std::erase_if(turns_, [batch](const LaneName& name) { return name.batch == batch; });
    return taken;
  }

  // Everything that waits, out of the queue.
  [[nodiscard]] std::vector<Entry> drain() {
    std::vector<Entry> all;
    for (auto& [name, waiting] : lanes_) {
      for (Entry& entry : waiting) all.push_back(std::move(entry));
    }
    lanes_.clear();
    turns_.clear();
    return all;
  }

  // Lanes with something waiting and origins with something under way.
  [[nodiscard]] std::size_t lanes() const { return lanes_.size(); }
  [[nodiscard]] std::size_t origins_under_way() const { return by_origin_.size(); }

 private:
  static constexpr int kHeldPerFree = 7;

  template <class Key>
  using Held = std::unordered_map<Key, int>;

  static std::int64_t holder_of(std::int64_t batch) { return std::max(batch, std::int64_t{-1}); }

  template <class Key>
  static int held(const Held<Key>& places, const Key& key) {
    const auto found = places.find(key);
    return found == places.end() ? 0 : found->second;
  }

  template <class Key>
  static void release(Held<Key>& places, const Key& key) {
    const auto found = places.find(key);
    CHECK(found != places.end());
    if (--found->second == 0) places.erase(found);
  }

  [[nodiscard]] bool may_start(const LaneName& name) const {
    return held(by_origin_, name.origin) < places_per_origin_ &&
           held(by_batch_, holder_of(name.batch)) < kHeldPerFree * places_free_;
  }

  Entry start(LaneName name) {
    const auto lane = lanes_.find(name);
    Entry entry = std::move(lane->second.front());
    lane->second.pop_front();
    --places_free_;
    ++by_origin_[name.origin];
    ++by_batch_[holder_of(name.batch)];
    if (lane->second.empty()) {
      lanes_.erase(lane);
    } else {
      turns_.push_back(std::move(name));
    }
    return entry;
  }

  int places_free_;
  int places_per_origin_;
  Held<std::string> by_origin_;
  Held<std::int64_t> by_batch_;
  std::map<LaneName, std::deque<Entry>> lanes_;  // those with something waiting
  std::deque<LaneName> turns_;                   // the same, the next first
};

}  // namespace imgmill
