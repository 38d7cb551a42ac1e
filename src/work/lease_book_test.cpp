#include "work/lease_book.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

Lease lease_of(BatchKey batch, std::uint32_t first, std::size_t images) {
  Lease lease;
  lease.id = {.batch = batch, .first_image = first, .attempt = 1};
  lease.images.resize(images);
  return lease;
}

TEST(LeaseBook, ALeaseClosesWithItsLastImage) {
  LeaseBook book;
  const Lease lease = lease_of(1, 0, 2);
  book.open(lease);
  book.close_one(lease.id);
  EXPECT_EQ(book.leases(), std::vector{lease.id});
  EXPECT_EQ(book.images(), 1U);
  book.close_one(lease.id);
  EXPECT_TRUE(book.leases().empty());
  EXPECT_EQ(book.images(), 0U);
}

TEST(LeaseBook, KnowsWhichBatchesHaveTheirShare) {
  LeaseBook book;
  book.open(lease_of(1, 0, 32));
  book.open(lease_of(1, 32, 32));
  book.open(lease_of(2, 0, 10));
  EXPECT_EQ(book.batches_with(64), std::vector<BatchKey>{1});
  EXPECT_EQ(book.batches_with(10), (std::vector<BatchKey>{1, 2}));
  book.close_one(lease_of(1, 0, 1).id);
  EXPECT_TRUE(book.batches_with(64).empty());
}

}  // namespace
}  // namespace imgmill
