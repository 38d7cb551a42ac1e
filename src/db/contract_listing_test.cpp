#include <gmock/gmock.h>

#include "db/contract_suite.h"

namespace imgmill {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> ids_of(const std::vector<Batch>& batches) {
  std::vector<std::string> ids;
  for (const Batch& batch : batches) ids.push_back(batch.request_id);
  return ids;
}

std::vector<std::uint64_t> numbers_of(const PlacementPage& page) {
  std::vector<std::uint64_t> numbers;
  for (const PlacementDetail& one : page.placements) numbers.push_back(one.placement);
  return numbers;
}

TEST_P(DbContract, BatchesAreListedNewestFirstPageByPage) {
  seal("a", 1);
  const BatchKey b = seal("b", 1);
  seal("c", 1);
  open("being received");
  EXPECT_THAT(ids_of(db().list_batches({}, {}, 10).value()), ElementsAre("c", "b", "a"));
  EXPECT_THAT(ids_of(db().list_batches({}, {}, 2).value()), ElementsAre("c", "b"));
  seal("later", 1);
  const std::vector<Batch> rest = db().list_batches({}, b, 10).value();
  ASSERT_THAT(ids_of(rest), ElementsAre("a"));
  EXPECT_EQ(rest[0].recipe, kRecipe);
  EXPECT_EQ(rest[0].counts.placements, 1U);
}

TEST_P(DbContract, BatchesAreListedByStatus) {
  seal("failed", 1);
  work_off({0});
  seal("completed", 1);
  work_off();
  const BatchKey cancelled = seal("cancelled", 1);
  ASSERT_TRUE(db().cancel_batch(cancelled, now()));
  seal("processing", 1);
  EXPECT_THAT(lease(1), SizeIs(1));
  const BatchKey pending = seal("pending", 1);
  seal("pending too", 1);
  const auto listed = [this](BatchStatus status) {
    return ids_of(db().list_batches({status}, {}, 10).value());
  };
  EXPECT_THAT(listed(BatchStatus::kFailed), ElementsAre("failed"));
  EXPECT_THAT(listed(BatchStatus::kCompleted), ElementsAre("completed"));
  EXPECT_THAT(listed(BatchStatus::kCancelled), ElementsAre("cancelled"));
  EXPECT_THAT(listed(BatchStatus::kProcessing), ElementsAre("processing"));
  EXPECT_THAT(listed(BatchStatus::kPending), ElementsAre("pending too", "pending"));
  EXPECT_THAT(db().list_batches({BatchStatus::kPending}, pending, 10).value(), IsEmpty());
}

TEST_P(DbContract, APlacementIsListedWithAllThatIsKnownOfItsImage) {
  const BatchKey batch = seal("a", 4);
  const Lease chunk = lease(10).at(0);
  apply({done(chunk, 0), failed(chunk, 1), again(chunk, 2, 1, now() + seconds(5))});
  const PlacementPage page = db().list_placements(batch, {}, 0, 10).value();
  EXPECT_EQ(page.next, std::nullopt);
  ASSERT_THAT(page.placements, SizeIs(4));

  const PlacementDetail& made = page.placements[0];
  EXPECT_EQ(made.row, 1U);
  EXPECT_EQ(made.position, 1U);
  EXPECT_EQ(made.serial_number, "1");
  EXPECT_EQ(made.product_name, "Chair");
  EXPECT_EQ(made.url, url_of(0));
  EXPECT_EQ(made.status, ImageStatus::kCompleted);
  EXPECT_EQ(made.tries, 1U);
  EXPECT_EQ(made.fault, std::nullopt);
  ASSERT_TRUE(made.rendered);
  EXPECT_EQ(made.rendered->output_key, key_of(0));
  EXPECT_EQ(made.rendered->format, PictureFormat::kJpeg);
  EXPECT_EQ(made.rendered->width, 640U);
  EXPECT_EQ(made.rendered->height, 480U);
  EXPECT_EQ(made.rendered->bytes_in, 1000U);
  EXPECT_EQ(made.rendered->bytes_out, 400U);
  EXPECT_EQ(made.rendered->method, RenderMethod::kResized);

  EXPECT_EQ(page.placements[1].status, ImageStatus::kFailed);
  EXPECT_EQ(page.placements[1].fault, failed(chunk, 1).fault);
  EXPECT_EQ(page.placements[1].rendered, std::nullopt);
  EXPECT_EQ(page.placements[2].status, ImageStatus::kPending);
  EXPECT_EQ(page.placements[2].tries, 1U);
  EXPECT_EQ(page.placements[3].status, ImageStatus::kProcessing);
  EXPECT_EQ(page.placements[3].tries, 0U);
}

TEST_P(DbContract, AWaitingImageInWorkIsProcessing) {
  const BatchKey batch = seal("a", 2);
  apply({again(lease(1).at(0), 1, 1, now())});
  EXPECT_TRUE(lease(1).at(0).id.waiting);
  const auto status = [&](std::size_t at) {
    return db().list_placements(batch, {}, 0, 10).value().placements.at(at).status;
  };
  EXPECT_EQ(status(1), ImageStatus::kProcessing);
  ASSERT_TRUE(db().release_leases("one"));
  EXPECT_EQ(status(0), ImageStatus::kPending);
  EXPECT_EQ(status(1), ImageStatus::kPending);
}

TEST_P(DbContract, PagesOfPlacementsMissAndRepeatNothingWhileTheBatchMoves) {
  const BatchKey batch = seal("a", 70);
  std::vector<std::uint64_t> seen;
  std::optional<std::uint64_t> next = 0;
  while (next) {
    const PlacementPage page = db().list_placements(batch, {}, *next, 16).value();
    const auto numbers = numbers_of(page);
    seen.insert(seen.end(), numbers.begin(), numbers.end());
    next = page.next;
    for (const Lease& one : lease(1)) apply(all_done({one}));
  }
  ASSERT_THAT(seen, SizeIs(70));
  for (std::uint64_t i = 0; i < 70; ++i) EXPECT_EQ(seen[i], i);
}

TEST_P(DbContract, PlacementsAreListedByStatusWithRepeats) {
  const BatchKey batch = open("a");
  append(batch, 0, 40);
  const NewPlacement repeat{.row = 41, .position = 1, .image = 7};
  ASSERT_TRUE(db().append_images(batch, {}, {&repeat, 1}));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  work_off({7, 9});
  const auto listed = [&](ImageStatus status, std::uint64_t first, std::uint32_t limit) {
    return db().list_placements(batch, status, first, limit).value();
  };
  EXPECT_THAT(numbers_of(listed(ImageStatus::kFailed, 0, 10)), ElementsAre(7, 9, 40));
  const PlacementPage two = listed(ImageStatus::kFailed, 0, 2);
  EXPECT_THAT(numbers_of(two), ElementsAre(7, 9));
  EXPECT_THAT(numbers_of(listed(ImageStatus::kFailed, two.next.value(), 2)), ElementsAre(40));
  EXPECT_THAT(listed(ImageStatus::kCompleted, 0, 100).placements, SizeIs(38));
  EXPECT_THAT(listed(ImageStatus::kPending, 0, 100).placements, IsEmpty());
  EXPECT_EQ(listed(ImageStatus::kPending, 0, 100).next, std::nullopt);
}

TEST_P(DbContract, APageEndsEarlyWhereFewAreToBeFound) {
  const BatchKey batch = open("a");
  const NewImage image{"https://origin/0.jpg"};
  ASSERT_TRUE(db().append_images(batch, {&image, 1}, {}));
  std::vector<NewPlacement> placements(limits::kListedPlacementsScanned + 1);
  for (std::uint32_t i = 0; i < placements.size(); ++i)
    placements[i] = {.row = i + 1, .position = 1};
  ASSERT_TRUE(db().append_images(batch, {}, placements));
  ASSERT_TRUE(db().seal_batch(batch, now()));
  const PlacementPage first = db().list_placements(batch, ImageStatus::kFailed, 0, 10).value();
  EXPECT_THAT(first.placements, IsEmpty());
  EXPECT_EQ(first.next, limits::kListedPlacementsScanned);
  EXPECT_EQ(db().list_placements(batch, ImageStatus::kFailed, *first.next, 10).value().next,
            std::nullopt);
}

TEST_P(DbContract, NothingIsListedOfAnUnknownBatch) {
  EXPECT_THAT(db().list_placements(77, {}, 0, 10).value().placements, IsEmpty());
}

}  // namespace
}  // namespace imgmill
