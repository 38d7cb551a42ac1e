#include "work/lease_book.h"

#include <algorithm>

#include "base/check.h"

namespace imgmill {
namespace {

auto key_of(const LeaseId& id) {
  return std::tuple(id.batch, id.first_image, id.waiting, id.attempt);
}

}  // namespace

void LeaseBook::open(const Lease& lease) {
  CHECK(!lease.images.empty());
  const auto [at, added] = leases_.emplace(key_of(lease.id), Entry{lease.id, lease.images.size()});
  CHECK(added);
  batches_[lease.id.batch] += lease.images.size();
  images_ += lease.images.size();
}

void LeaseBook::close_one(const LeaseId& lease) {
  const auto at = leases_.find(key_of(lease));
  CHECK(at != leases_.end());
  if (--at->second.images_left == 0) leases_.erase(at);
  const auto batch = batches_.find(lease.batch);
  if (--batch->second == 0) batches_.erase(batch);
  --images_;
}

std::vector<LeaseId> LeaseBook::leases() const {
  std::vector<LeaseId> ids;
  ids.reserve(leases_.size());
  for (const auto& [key, entry] : leases_) ids.push_back(entry.id);
  return ids;
}

LeaseBook::Room LeaseBook::room(std::size_t slots) const {
  const std::size_t free = slots > images_ ? slots - images_ : 0;
  // A batch that holds h may hold h + x when that is no more than free - x.
  std::size_t most = free / 2;
  Room room;
  for (const auto& [batch, images] : batches_) {
    if (images >= free) {
      room.served.push_back(batch);
    } else {
      most = std::min(most, (free - images) / 2);
    }
  }
  room.images = static_cast<std::uint32_t>(std::max<std::size_t>(most, 1));
  return room;
}

}  // namespace imgmill
