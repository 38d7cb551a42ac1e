#include "batch/removal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/fake/fake_db.h"
#include "objects/fake/fake_store.h"

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RemovalTest : public testing::Test {
 protected:
  // A final batch with a rendition for each of its images.
  Batch add(const std::string& id, std::uint32_t images) {
    const std::string csv_key = "uploads/" + id + ".csv";
    EXPECT_TRUE(objects.put(csv_key, {}));
    const BatchKey key = *db.open_batch({.request_id = id, .csv_key = csv_key}, clock.now());
    std::vector<NewImage> new_images(images, NewImage{.url = "https://a/b.jpg"});
    std::vector<NewPlacement> placements(images);
    for (std::uint32_t i = 0; i < images; ++i) placements[i] = {.row = i + 1, .image = i};
    EXPECT_TRUE(db.append_images(key, new_images, placements));
    EXPECT_TRUE(db.seal_batch(key, clock.now()));
    const Time until = clock.now() + std::chrono::hours(1);
    std::vector<Outcome> outcomes;
    for (const Lease& lease : *db.lease_images("test", images, {}, clock.now(), until)) {
      for (const LeasedImage& image : lease.images) {
        const std::string output = fmt::format("processed/{}/{}.jpg", id, image.image);
        EXPECT_TRUE(objects.put(output, {}));
        outcomes.push_back({.lease = lease.id,
                            .image = image.image,
                            .tries = 1,
                            .rendered = Rendered{.output_key = output}});
      }
    }
    EXPECT_TRUE(db.finish_images(outcomes, clock.now()));
    return **db.find_batch(id);
  }

  Result<void> remove(const Batch& batch) {
    BatchRemoval removal(batch, db, objects);
    for (bool gone = false; !gone;) {
      TRY(gone, removal.step());
    }
    return {};
  }

  FakeDb db;
  FakeStore objects;
  ManualClock clock;
};

TEST_F(RemovalTest, TakesEverythingOfTheBatchAndNothingElse) {
  const Batch batch = add("a", 1'200);
  add("b", 1);
  ASSERT_TRUE(db.begin_deletion(batch.key));
  ASSERT_TRUE(remove(batch));
  EXPECT_THAT(objects.keys(), ElementsAre("processed/b/0.jpg", "uploads/b.csv"));
  EXPECT_THAT(*db.find_deleting(), IsEmpty());
}

TEST_F(RemovalTest, GoesOnAfterAFailure) {
  const Batch batch = add("a", 3);
  ASSERT_TRUE(db.begin_deletion(batch.key));
  objects.fail_next(FakeStore::Verb::kRemove, {ErrorCode::kIo, "no", ""});
  EXPECT_FALSE(remove(batch));
  db.fail_next({ErrorCode::kNoSpace, "full", ""}, "erase_slice");
  EXPECT_FALSE(remove(batch));
  EXPECT_THAT(objects.keys(), IsEmpty());
  EXPECT_EQ(db.find_deleting()->size(), 1U);
  ASSERT_TRUE(remove(batch));
  EXPECT_THAT(*db.find_deleting(), IsEmpty());
}

}  // namespace
}  // namespace imgmill
