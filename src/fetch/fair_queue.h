// Who may start next: at most `places` at once and `places_per_origin` of one origin. Origins that
// have something waiting take turns, so one with ten thousand waiting delays another's first by one
// turn. Inside an origin, first come first served. Bounded by its callers: they hand in what they
// lease.
//
// One thread at a time. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"

namespace imgmill {

template <class Entry>
class FairQueue {
 public:
  FairQueue(int places, int places_per_origin)
      : places_free_(places), places_per_origin_(places_per_origin) {}

  void push(const std::string& origin, Entry entry) {
    Origin& its = origins_[origin];
    its.waiting.push_back(std::move(entry));
    take_turns(origin, its);
  }

  // The next that may start; its place is taken until give_back(). nullopt: nobody may.
  [[nodiscard]] std::optional<Entry> take() {
    if (places_free_ == 0 || turns_.empty()) return std::nullopt;
    const std::string name = std::move(turns_.front());
    turns_.pop_front();
    Origin& origin = origins_.at(name);
    origin.in_turns = false;
    Entry entry = std::move(origin.waiting.front());
    origin.waiting.pop_front();
    ++origin.active;
    --places_free_;
    take_turns(name, origin);
    return entry;
  }

  void give_back(const std::string& origin) {
    const auto found = origins_.find(origin);
    CHECK(found != origins_.end() && found->second.active > 0);
    --found->second.active;
    ++places_free_;
    take_turns(origin, found->second);
    if (found->second.active == 0 && found->second.waiting.empty()) origins_.erase(found);
  }

  // Everything that waits, out of the queue.
  [[nodiscard]] std::vector<Entry> drain() {
    std::vector<Entry> all;
    for (auto& [name, origin] : origins_) {
      for (Entry& entry : origin.waiting) all.push_back(std::move(entry));
      origin.waiting.clear();
      origin.in_turns = false;
    }
    turns_.clear();
    std::erase_if(origins_, [](const auto& item) { return item.second.active == 0; });
    return all;
  }

  // Origins known: with something waiting or active.
  [[nodiscard]] std::size_t origins() const { return origins_.size(); }

 private:
  struct Origin {
    std::deque<Entry> waiting;
    int active = 0;
    bool in_turns = false;
  };

  void take_turns(const std::string& name, Origin& origin) {
    if (origin.in_turns || origin.waiting.empty() || origin.active >= places_per_origin_) return;
    origin.in_turns = true;
    turns_.push_back(name);
  }

  int places_free_;
  int places_per_origin_;
  std::unordered_map<std::string, Origin> origins_;
  std::deque<std::string> turns_;  // those with something waiting and a place for it
};

}  // namespace imgmill
