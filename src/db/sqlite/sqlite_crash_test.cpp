// Ends a child process before and after each of its commits, one run for each, and checks that what
// is in the file then can be carried on to the right end. Needs the test points compiled in.
#include <cstdlib>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "db/contract_suite.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/sqlite_db.h"
#include "db/sqlite/temp_folder.h"

namespace imgmill {
namespace {

constexpr const char* kFileVariable = "IMGMILL_DB_CRASH_FILE";
constexpr std::uint32_t kImages = 70;
constexpr int kCrashed = 86;

// Does what is still to do, as a server would after a restart. Every verb must succeed.
class Server {
 public:
  // `later`: when the leases of an earlier one have run out.
  explicit Server(const std::filesystem::path& file, Micros later = {})
      : db_(SqliteDb::open({.file = file}, clock_).value()) {
    clock_.advance(later);
  }

  void carry_on() {
    for (const Batch& batch : db_->find_receiving(Time::max()).value()) {
      db_->discard_batch(batch.key).value();
    }
    db_->release_leases("server").value();
    if (!db_->find_batch("a").value()) take_in();
    work_off();
    deliver();
  }

  [[nodiscard]] Batch batch() { return db_->find_batch("a").value().value(); }
  [[nodiscard]] std::size_t attempts() {
    return db_->list_attempts(batch().key, 100).value().size();
  }

 private:
  void take_in() {
    const BatchKey batch =
        db_->open_batch({.request_id = "a", .webhook_url = std::string(kWebhook), .csv_key = "c"},
                        clock_.now())
            .value();
    for (const auto& [first, count] : {std::pair(0U, 40U), std::pair(40U, kImages - 40)}) {
      append(batch, first, count);
    }
    db_->seal_batch(batch, clock_.now()).value();
  }

  void append(BatchKey batch, std::uint32_t first, std::uint32_t count) {
    std::vector<std::string> urls;
    for (std::uint32_t i = 0; i < count; ++i) urls.push_back(url_of(first + i));
    std::vector<NewImage> images;
    std::vector<NewPlacement> placements;
    for (std::uint32_t i = 0; i < count; ++i) {
      images.push_back({urls[i]});
      placements.push_back({.row = first + i + 1, .position = 1, .image = first + i});
    }
    db_->append_images(batch, images, placements).value();
  }

  void work_off() {
    for (;;) {
      const Time now = clock_.now();
      const auto leases = db_->lease_images("server", 32, {}, now, now + kLease).value();
      if (leases.empty()) return;
      std::vector<Outcome> outcomes = all_done(leases);
      // One image takes a second try.
      if (outcomes[0].image == 0 && leases[0].images[0].tries == 0) {
        outcomes[0] = again(leases[0], 0, 1, now);
      }
      (void)db_->finish_images(outcomes, now).value();
    }
  }

  void deliver() {
    const Time now = clock_.now();
    for (const Delivery& delivery : db_->lease_deliveries("one", 10, now, now + kLease).value()) {
      db_->finish_delivery(delivery, {.at = now, .http_status = 200}, DeliveryVerdict::kDelivered,
                           std::nullopt, now)
          .value();
    }
  }

  ManualClock clock_;
  std::unique_ptr<SqliteDb> db_;
};

// Run by the test below, in a process of its own.
TEST(SqliteCrashChild, DISABLED_Run) {
  const char* file = std::getenv(kFileVariable);
  ASSERT_NE(file, nullptr);
  Server(file).carry_on();
}

// The child's exit status.
int run_child(const std::filesystem::path& file, const std::string& crash_at) {
  const pid_t child = fork();
  if (child == 0) {
    setenv(kFileVariable, file.c_str(), 1);
    setenv("MILL_CRASH_AT", crash_at.c_str(), 1);
    execl("/proc/self/exe", "db_test", "--gtest_brief=1", "--gtest_also_run_disabled_tests",
          "--gtest_filter=SqliteCrashChild.DISABLED_Run", nullptr);
    _exit(127);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::int64_t ask(const std::filesystem::path& file, std::string_view sql) {
  auto connection = sqlite::Connection::open(file, {}).value();
  auto statement = connection.prepare_once(sql).value();
  return statement.step().value() ? statement.integer(0) : -1;
}

void expect_the_right_end(const std::filesystem::path& file) {
  {
    Server server(file, 2 * kLease);
    server.carry_on();
    EXPECT_EQ(server.batch().state, BatchState::kCompleted);
    EXPECT_EQ(server.batch().counts, (BatchCounts{.placements = kImages,
                                                  .processed = kImages,
                                                  .bytes_in = kImages * 1000,
                                                  .bytes_out = kImages * 400}));
    EXPECT_EQ(server.batch().webhook_state, WebhookState::kSent);
    EXPECT_EQ(server.attempts(), 1U);
  }
  for (const char* table : {"batches", "deliveries"}) {
    EXPECT_EQ(ask(file, std::string("SELECT count(*) FROM ") + table), 1) << table;
  }
  for (const char* table : {"images", "outcomes", "placements"}) {
    EXPECT_EQ(ask(file, std::string("SELECT count(*) FROM ") + table), kImages) << table;
  }
  for (const char* table : {"chunks", "waiting", "turns"}) {
    EXPECT_EQ(ask(file, std::string("SELECT count(*) FROM ") + table), 0) << table;
  }
}

class SqliteCrash : public testing::TestWithParam<const char*> {};

TEST_P(SqliteCrash, WhereverItEndsTheNextStartCarriesOn) {
#ifndef IMGMILL_TEST_POINTS
  GTEST_SKIP() << "built without test points";
#endif
  int crashes = 0;
  for (int status = kCrashed; status == kCrashed; ++crashes) {
    const TempFolder folder;
    status = run_child(folder / "db", std::string(GetParam()) + ":" + std::to_string(crashes + 1));
    ASSERT_TRUE(status == kCrashed || status == 0) << status;
    expect_the_right_end(folder / "db");
    ASSERT_LT(crashes, 100);
  }
  // Else the test point is not where it was.
  EXPECT_GT(crashes, 1);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, SqliteCrash,
                         testing::Values("db.commit.before", "db.commit.after", "db.seal.before"));

}  // namespace
}  // namespace imgmill
