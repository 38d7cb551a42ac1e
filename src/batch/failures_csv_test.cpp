#include "batch/failures_csv.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "batch/admission.h"
#include "db/fake/fake_db.h"
#include "objects/fake/fake_store.h"

namespace imgmill {
namespace {

constexpr std::string_view kHeader = "S. No.,Product Name,Input Image Urls\n";

class FailuresCsvTest : public testing::Test {
 protected:
  std::string admit(std::string_view rows) {
    const auto csv = std::filesystem::path(testing::TempDir()) /
                     fmt::format("failures_csv_test.{}.csv", ::getpid());
    std::ofstream(csv, std::ios::trunc) << kHeader << rows;
    return admit_batch({.csv = csv, .rules = {}, .recipe = {}, .webhook_url = {}}, db, objects,
                       clock)
        .value();
  }

  // Images whose URL has "bad" in it fail.
  void work_off() {
    const Time until = clock.now() + std::chrono::hours(1);
    std::vector<Outcome> outcomes;
    for (const Lease& lease : *db.lease_images("test", 100'000, {}, clock.now(), until)) {
      for (const LeasedImage& image : lease.images) {
        Outcome outcome{.lease = lease.id, .image = image.image, .tries = 1};
        if (image.url.contains("bad")) {
          outcome.fault = ImageFault{FaultCode::kHttpStatus, "it answered 404", 404};
        } else {
          outcome.rendered = Rendered{.output_key = "p/x.jpg"};
        }
        outcomes.push_back(std::move(outcome));
      }
    }
    ASSERT_TRUE(db.finish_images(outcomes, clock.now()));
  }

  Batch batch(const std::string& id) { return **db.find_batch(id); }

  Result<std::string> read_all(FailuresCsv& csv) {
    std::string all, block;
    do {
      TRY_VOID(csv.next_block(block));
      all += block;
    } while (!block.empty());
    return all;
  }
  std::string failures(const std::string& id) {
    return read_all(*FailuresCsv::open(batch(id), {}, db, objects).value()).value();
  }

  FakeDb db;
  FakeStore objects;
  ManualClock clock;
};

TEST_F(FailuresCsvTest, RowsWithFailuresOnly) {
  const std::string id = admit(
      "1,Chair,\"https://a/1.jpg, https://a/bad,1.jpg,https://a/bad2.jpg\"\n"
      "2,Table,https://a/2.jpg\n"
      "3,Lamp,https://a/bad2.jpg\n");
  work_off();
  EXPECT_EQ(failures(id),
            "S. No.,Product Name,Input Image Urls,Error Code,Error\n"
            "1,Chair,\"https://a/bad,1.jpg,https://a/bad2.jpg\",\"http_404,http_404\","
            "it answered 404; it answered 404\n"
            "3,Lamp,https://a/bad2.jpg,http_404,it answered 404\n");
}

TEST_F(FailuresCsvTest, WhatWasInvalidOrCancelledIsThereToo) {
  const std::string id = admit("x,Chair,https://a/1.jpg\n2,Table,https://a/2.jpg\n");
  ASSERT_TRUE(db.cancel_batch(batch(id).key, clock.now()));
  const std::string csv = failures(id);
  EXPECT_TRUE(csv.contains("\nx,Chair,https://a/1.jpg,invalid_url,")) << csv;
  EXPECT_TRUE(csv.contains("\n2,Table,https://a/2.jpg,cancelled,the request was cancelled")) << csv;
}

TEST_F(FailuresCsvTest, OnlyTheHeaderWhenAllIsWell) {
  const std::string id = admit("1,Chair,https://a/1.jpg\n");
  work_off();
  EXPECT_EQ(failures(id), "S. No.,Product Name,Input Image Urls,Error Code,Error\n");
}

TEST_F(FailuresCsvTest, MoreThanAPage) {
  std::string rows;
  for (int i = 0; i < 1'300; ++i) rows += fmt::format("{},P,https://a/bad{}.jpg\n", i, i);
  const std::string id = admit(rows);
  work_off();
  const std::string csv = failures(id);
  EXPECT_EQ(std::ranges::count(csv, '\n'), 1'301);
  EXPECT_TRUE(csv.contains("\n1299,P,https://a/bad1299.jpg,"));
}

TEST_F(FailuresCsvTest, ABatchThatChangesMeanwhileBreaksItOff) {
  const std::string id = admit("1,Chair,https://a/bad.jpg\n");
  work_off();
  const auto csv = FailuresCsv::open(batch(id), {}, db, objects).value();
  ASSERT_TRUE(db.retry_batch(batch(id).key, clock.now()));
  EXPECT_EQ(read_all(*csv).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace imgmill
