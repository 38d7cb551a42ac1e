#include "intake/url_index.h"

#include <utility>

#include <xxhash.h>

#include "base/check.h"
#include "base/crypto.h"

namespace imgmill {
namespace {

constexpr std::size_t kSlotsAtFirst = 1 << 10;  // a power of two, as all sizes

}  // namespace

UrlIndex::UrlIndex() : seed_(random_u64()), slots_(kSlotsAtFirst) {}

std::uint32_t UrlIndex::find_or_add(std::string_view url, std::uint32_t next_image) {
  CHECK(next_image + 1 != 0);
  const XXH128_hash_t hash = XXH3_128bits_withSeed(url.data(), url.size(), seed_);
  const auto high = static_cast<std::uint32_t>(hash.high64);
  Slot* slot = &slot_for(slots_, hash.low64, high);
  if (slot->image_plus_one != 0) return slot->image_plus_one - 1;
  if (4 * (std::size_t{size_} + 1) > 3 * slots_.size()) {
    grow();
    slot = &slot_for(slots_, hash.low64, high);
  }
  ++size_;
  *slot = {.low = hash.low64, .high = high, .image_plus_one = next_image + 1};
  return next_image;
}

// The slot that holds the fingerprint, or the empty one where it belongs.
UrlIndex::Slot& UrlIndex::slot_for(std::vector<Slot>& slots, std::uint64_t low,
                                   std::uint32_t high) {
  const std::size_t mask = slots.size() - 1;
  std::size_t at = low & mask;
  while (slots[at].image_plus_one != 0 && (slots[at].low != low || slots[at].high != high)) {
    at = (at + 1) & mask;
  }
  return slots[at];
}

void UrlIndex::grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  for (const Slot& slot : slots_) {
    if (slot.image_plus_one != 0) slot_for(larger, slot.low, slot.high) = slot;
  }
  slots_ = std::move(larger);
}

}  // namespace imgmill
