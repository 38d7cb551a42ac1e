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

TEST(LeaseBook, AnEmptyBookHasRoomForHalfOfTheSlots) {
  const LeaseBook::Room room = LeaseBook().room(256);
  EXPECT_EQ(room.images, 128U);
  EXPECT_TRUE(room.served.empty());
}

TEST(LeaseBook, ABatchThatHoldsAsManyAsAreFreeIsServed) {
  LeaseBook book;
  book.open(lease_of(1, 0, 128));
  EXPECT_EQ(book.room(256).served, std::vector<BatchKey>{1});
  EXPECT_EQ(book.room(256).images, 64U);
  book.open(lease_of(2, 0, 64));
  EXPECT_EQ(book.room(256).served, (std::vector<BatchKey>{1, 2}));
  EXPECT_EQ(book.room(256).images, 32U);
  book.close_one(lease_of(1, 0, 1).id);
  book.close_one(lease_of(2, 0, 1).id);
  EXPECT_EQ(book.room(256).served, std::vector<BatchKey>{1});
}

TEST(LeaseBook, RoomIsSuchThatNoBatchPassesItsShare) {
  LeaseBook book;
  book.open(lease_of(1, 0, 100));
  EXPECT_TRUE(book.room(256).served.empty());
  EXPECT_EQ(book.room(256).images, 28U);  // 128 of 256 then
}

TEST(LeaseBook, AFullBookServesEverybody) {
  LeaseBook book;
  book.open(lease_of(1, 0, 200));
  book.open(lease_of(2, 0, 60));
  EXPECT_EQ(book.room(256).served, (std::vector<BatchKey>{1, 2}));
  EXPECT_EQ(book.room(256).images, 1U);
}

}  // namespace
}  // namespace imgmill
