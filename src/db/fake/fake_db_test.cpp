#include "db/fake/fake_db.h"

#include "db/contract_suite.h"

namespace imgmill {
namespace {

class FakeUnderTest final : public DbUnderTest {
 public:
  Db& db() override { return db_; }

 private:
  FakeDb db_;
};

INSTANTIATE_TEST_SUITE_P(Fake, DbContract,
                         testing::Values(DbEngine{"Fake",
                                                  []() -> std::unique_ptr<DbUnderTest> {
                                                    return std::make_unique<FakeUnderTest>();
                                                  }}),
                         [](const auto& param) { return param.param.name; });

TEST(FakeDb, FailsTheNextCallAndOnlyThat) {
  FakeDb db;
  db.fail_next({ErrorCode::kNoSpace, "full", ""});
  EXPECT_EQ(db.check().error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(db.check());
}

TEST(FakeDb, FailsTheNextCallOfOneVerb) {
  FakeDb db;
  db.fail_next({ErrorCode::kNoSpace, "full", ""}, "seal_batch");
  db.fail_next({ErrorCode::kIo, "torn", ""}, "seal_batch");
  EXPECT_TRUE(db.check());
  const BatchKey batch = db.open_batch({.request_id = "a", .csv_key = "c"}, Time{}).value();
  EXPECT_EQ(db.seal_batch(batch, Time{}).error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(db.seal_batch(batch, Time{}).error().code, ErrorCode::kIo);
  EXPECT_TRUE(db.seal_batch(batch, Time{}));
}

}  // namespace
}  // namespace imgmill
