// Access keys, and whose a batch is.
#include <gmock/gmock.h>

#include "db/contract_suite.h"
#include "model/api_key.h"

namespace imgmill {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

NewKey key_named(std::string name) {
  const std::string digest = key_digest(name);
  return {.name = std::move(name), .id = key_id(digest), .digest = digest};
}

std::vector<std::string> ids_of(const std::vector<Batch>& batches) {
  std::vector<std::string> ids;
  for (const Batch& batch : batches) ids.push_back(batch.request_id);
  return ids;
}

KeyNumber create(Db& db, const std::string& name) {
  const NewKey key = key_named(name);
  EXPECT_TRUE(db.create_key(key, Time{}));
  return db.find_key(key.id).value().key.value().number;
}

BatchKey seal_of(Db& db, std::string_view id, std::optional<KeyNumber> owner) {
  const NewBatch batch{.request_id = std::string(id), .csv_key = "c", .owner = owner};
  const BatchKey key = db.open_batch(batch, Time{}).value();
  const NewImage image{"https://origin/0.jpg"};
  const NewPlacement place{.row = 1, .position = 1};
  EXPECT_TRUE(db.append_images(key, {&image, 1}, {&place, 1}));
  EXPECT_TRUE(db.seal_batch(key, Time{}));
  return key;
}

TEST_P(DbContract, WithoutKeysThereIsNone) {
  const KeyLookup found = db().find_key("12345678").value();
  EXPECT_FALSE(found.key || found.any_valid || found.any);
  EXPECT_THAT(db().list_keys().value(), IsEmpty());
}

TEST_P(DbContract, AKeyIsFoundByItsId) {
  const NewKey key = key_named("shop");
  ASSERT_TRUE(db().create_key(key, now()));
  const KeyLookup found = db().find_key(key.id).value();
  ASSERT_TRUE(found.key);
  EXPECT_EQ(found.key->name, "shop");
  EXPECT_EQ(found.key->id, key.id);
  EXPECT_EQ(found.key->digest, key.digest);
  EXPECT_EQ(found.key->created_at, now());
  EXPECT_EQ(found.key->used_at, std::nullopt);
  EXPECT_TRUE(found.any_valid && found.any);
  const KeyLookup other = db().find_key(key_named("other").id).value();
  EXPECT_FALSE(other.key);
  EXPECT_TRUE(other.any_valid && other.any);
}

TEST_P(DbContract, ARevokedKeyIsNotFoundButRemembered) {
  const NewKey key = key_named("shop");
  ASSERT_TRUE(db().create_key(key, now()));
  const KeyNumber number = db().find_key(key.id).value().key.value().number;
  pass(seconds(1));
  ASSERT_TRUE(db().revoke_key(number, now()));
  const KeyLookup found = db().find_key(key.id).value();
  EXPECT_FALSE(found.key || found.any_valid);
  EXPECT_TRUE(found.any);
  EXPECT_EQ(db().list_keys().value().at(0).revoked_at, now());
  EXPECT_EQ(db().revoke_key(number, now()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(db().revoke_key(77, now()).error().code, ErrorCode::kNotFound);
}

TEST_P(DbContract, AKeysNameIsTakenUntilItIsRevoked) {
  ASSERT_TRUE(db().create_key(key_named("shop"), now()));
  NewKey again = key_named("another");
  again.name = "shop";
  EXPECT_EQ(db().create_key(again, now()).error().code, ErrorCode::kConflict);
  const KeyNumber first = db().list_keys().value().at(0).number;
  ASSERT_TRUE(db().revoke_key(first, now()));
  ASSERT_TRUE(db().create_key(again, now()));
  const std::vector<ApiKey> keys = db().list_keys().value();
  ASSERT_THAT(keys, SizeIs(2));
  EXPECT_LT(keys[0].number, keys[1].number);
}

TEST_P(DbContract, TwoKeysHaveTwoIds) {
  ASSERT_TRUE(db().create_key(key_named("shop"), now()));
  NewKey same_id = key_named("shop");
  same_id.name = "other";
  EXPECT_EQ(db().create_key(same_id, now()).error().code, ErrorCode::kConflict);
}

TEST_P(DbContract, AKeysLastUseNeverMovesBack) {
  const KeyNumber key = create(db(), "shop");
  const Time before = now();
  pass(seconds(1));
  ASSERT_TRUE(db().touch_key(key, now()));
  ASSERT_TRUE(db().touch_key(key, before));
  EXPECT_EQ(db().list_keys().value().at(0).used_at, now());
}

TEST_P(DbContract, ABatchIsTheKeysItWasMadeWith) {
  const KeyNumber shop = create(db(), "shop");
  seal_of(db(), "a", shop);
  seal_of(db(), "b", std::nullopt);
  EXPECT_EQ(find("a").owner, shop);
  EXPECT_EQ(find("b").owner, std::nullopt);
  EXPECT_EQ(db().list_keys().value().at(0).requests, 1U);
}

TEST_P(DbContract, AnOwnersBatchesAreListedAlone) {
  const KeyNumber shop = create(db(), "shop");
  const KeyNumber other = create(db(), "other");
  seal_of(db(), "s1", shop);
  seal_of(db(), "o1", other);
  const BatchKey s2 = seal_of(db(), "s2", shop);
  seal_of(db(), "nobody's", std::nullopt);
  seal_of(db(), "s3", shop);
  const auto listed = [this](const BatchFilter& only, std::optional<BatchKey> before) {
    return ids_of(db().list_batches(only, before, 2).value());
  };
  EXPECT_THAT(listed({.owner = shop}, {}), ElementsAre("s3", "s2"));
  EXPECT_THAT(listed({.owner = shop}, s2), ElementsAre("s1"));
  EXPECT_THAT(listed({.owner = other}, {}), ElementsAre("o1"));
  EXPECT_THAT(listed({.owner = 77}, {}), IsEmpty());
  EXPECT_THAT(listed({}, {}), ElementsAre("s3", "nobody's"));
  EXPECT_THAT(lease(1), SizeIs(1));  // of s1
  EXPECT_THAT(listed({BatchStatus::kPending, shop}, {}), ElementsAre("s3", "s2"));
  EXPECT_THAT(listed({BatchStatus::kPending, shop}, s2), IsEmpty());
  EXPECT_THAT(listed({BatchStatus::kProcessing, shop}, {}), ElementsAre("s1"));
  EXPECT_THAT(listed({BatchStatus::kProcessing, other}, {}), IsEmpty());
}

BatchKey open_marked(Db& db, std::string_view id, std::optional<KeyNumber> owner, Time now) {
  const NewBatch batch{
      .request_id = std::string(id),
      .csv_key = "c",
      .owner = owner,
      .mark = UploadMark{.key = "k", .fingerprint = "print of " + std::string(id)}};
  const BatchKey key = db.open_batch(batch, now).value();
  const NewImage image{"", ImageFault{FaultCode::kInvalidUrl, "no URL", 0}};
  const NewPlacement place{.row = 1, .position = 1};
  EXPECT_TRUE(db.append_images(key, {&image, 1}, {&place, 1}));
  return key;
}

TEST_P(DbContract, AnUploadIsRememberedWhenItsBatchIsSealed) {
  const BatchKey batch = open_marked(db(), "a", {}, now());
  EXPECT_FALSE(db().find_upload({}, "k", now()).value());
  ASSERT_TRUE(db().seal_batch(batch, now()));
  const auto past = db().find_upload({}, "k", now()).value();
  ASSERT_TRUE(past);
  EXPECT_EQ(past->request_id, "a");
  EXPECT_EQ(past->fingerprint, "print of a");
  EXPECT_FALSE(db().find_upload({}, "other", now()).value());
  EXPECT_FALSE(db().find_upload(1, "k", now()).value());
}

TEST_P(DbContract, AnUploadThatIsDiscardedIsNotRemembered) {
  const BatchKey batch = open_marked(db(), "a", {}, now());
  ASSERT_TRUE(db().discard_batch(batch));
  EXPECT_FALSE(db().find_upload({}, "k", now()).value());
  const BatchKey next = open_marked(db(), "b", {}, now());
  EXPECT_TRUE(db().seal_batch(next, now()));
}

TEST_P(DbContract, TheSecondOfTwoUploadsWithOneKeyIsNotSealed) {
  const BatchKey first = open_marked(db(), "a", {}, now());
  const BatchKey second = open_marked(db(), "b", {}, now());
  ASSERT_TRUE(db().seal_batch(first, now()));
  EXPECT_EQ(db().seal_batch(second, now()).error().code, ErrorCode::kConflict);
  EXPECT_FALSE(db().find_batch("b").value());
  const BatchKey of_another = open_marked(db(), "c", 1, now());
  ASSERT_TRUE(db().seal_batch(of_another, now()));
  EXPECT_EQ(db().find_upload(1, "k", now()).value()->request_id, "c");
  EXPECT_EQ(db().find_upload({}, "k", now()).value()->request_id, "a");
}

TEST_P(DbContract, AnUploadIsRememberedForADayAlsoWhenItsBatchIsDeleted) {
  const BatchKey batch = open_marked(db(), "a", {}, now());
  ASSERT_TRUE(db().seal_batch(batch, now()));
  ASSERT_TRUE(db().begin_deletion(batch));
  while (!db().erase_slice(batch).value()) {
  }
  pass(limits::kUploadRemembered - seconds(1));
  EXPECT_TRUE(db().find_upload({}, "k", now()).value());
  pass(seconds(1));
  EXPECT_FALSE(db().find_upload({}, "k", now()).value());
  const BatchKey next = open_marked(db(), "b", {}, now());
  ASSERT_TRUE(db().seal_batch(next, now()));
  EXPECT_EQ(db().find_upload({}, "k", now()).value()->request_id, "b");
}

}  // namespace
}  // namespace imgmill
