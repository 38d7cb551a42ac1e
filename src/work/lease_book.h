// What this process has in hand: its leases with the images not yet finished, to know what to
// renew, how many slots are free, and which batches have their share already. Engine thread only;
// pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "db/db.h"

namespace imgmill {

class LeaseBook {
 public:
  void open(const Lease& lease);
  // One of the lease's images is finished and durable, or was given up: the last one closes the
  // lease.
  void close_one(const LeaseId& lease);

  [[nodiscard]] std::size_t images() const { return images_; }
  [[nodiscard]] std::vector<LeaseId> leases() const;
  // What may be leased next of `slots` in all: a batch gets no more when it holds as many as are
  // free. So one alone has half of the slots, the next half of what that leaves, and so on (up to a
  // chunk more each): however slow the origins of some are, another batch finds a slot.
  struct Room {
    std::uint32_t images = 0;      // for all batches that are not served
    std::vector<BatchKey> served;  // those that have their share
  };
  [[nodiscard]] Room room(std::size_t slots) const;

 private:
  using Key = std::tuple<BatchKey, std::uint32_t, bool, std::uint32_t>;
  struct Entry {
    LeaseId id;
    std::size_t images_left = 0;
  };

  std::map<Key, Entry> leases_;
  std::map<BatchKey, std::size_t> batches_;
  std::size_t images_ = 0;
};

}  // namespace imgmill
