#include "work/lease_book.h"

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

std::vector<BatchKey> LeaseBook::batches_with(std::size_t images_at_least) const {
  std::vector<BatchKey> batches;
  for (const auto& [batch, images] : batches_) {
    if (images >= images_at_least) batches.push_back(batch);
  }
  return batches;
}

}  // namespace imgmill
