#include "cli/health.h"

#include <fstream>
#include <sys/file.h>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace imgmill::cli {
namespace {

using testing::HasSubstr;

const Findings kMixed{{"database", Health::kOk, "version 4"},
                      {"webhooks", Health::kWarn, "not signed", "set IMGMILL_WEBHOOK_SECRET"},
                      {"storage", Health::kFail, "full", "make room"}};

TEST(Health, IsATableWithTheMendingBelow) {
  EXPECT_EQ(health_text(kMixed),
            "ok    database     version 4\n"
            "warn  webhooks     not signed\n"
            "                   set IMGMILL_WEBHOOK_SECRET\n"
            "FAIL  storage      full\n"
            "                   make room\n"
            "1 thing is wrong, 1 warning\n");
  EXPECT_EQ(health_text({}), "all well\n");
}

TEST(Health, TheWorstCounts) {
  EXPECT_EQ(worst_of(kMixed), Health::kFail);
  EXPECT_EQ(worst_of({kMixed[0], kMixed[1]}), Health::kWarn);
  EXPECT_EQ(worst_of({}), Health::kOk);
}

TEST(Health, IsOneJsonObjectForScripts) {
  EXPECT_THAT(health_json(kMixed), HasSubstr(R"({"status":"fail","version":")"));
  EXPECT_THAT(health_json(kMixed),
              HasSubstr(R"({"name":"database","status":"ok","text":"version 4","mend":""})"));
}

TEST(Health, SeesWhoHasTheDataFolder) {
  const std::filesystem::path folder = testing::TempDir();
  const auto file = folder / "imgmill.lock";
  std::ofstream(file) << ::getpid();
  EXPECT_EQ(owner_of(folder), 0);
  const UniqueFd lock(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(owner_of(folder), ::getpid());
  std::filesystem::remove(file);
  EXPECT_EQ(owner_of(folder), 0);
}

}  // namespace
}  // namespace imgmill::cli
