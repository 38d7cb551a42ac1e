// Which URLs of a batch were seen before: URL → its image number. Keyed 96-bit fingerprints
// (XXH3-128 with a random seed, so that nobody can prepare a collision), 16 bytes a slot, open
// addressing: a million distinct URLs take 32 MiB, and 48 while growing. A false match at ten
// million has a chance below 1e-15.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace imgmill {

class UrlIndex {
 public:
  UrlIndex();

  // The image number under which the URL was added first; `next_image`, remembered, when it is new.
  // (The caller numbers: images that are no URL, of invalid rows, take numbers too.)
  [[nodiscard]] std::uint32_t find_or_add(std::string_view url, std::uint32_t next_image);
  [[nodiscard]] std::uint32_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t image_plus_one = 0;  // 0: empty
  };

  [[nodiscard]] static Slot& slot_for(std::vector<Slot>& slots, std::uint64_t low,
                                      std::uint32_t high);
  void grow();

  std::uint64_t seed_;
  std::vector<Slot> slots_;
  std::uint32_t size_ = 0;
};

}  // namespace imgmill
