#include "cli/entry.h"

#include <gtest/gtest.h>

namespace imgmill::cli {
namespace {

Settings listening_at(const char* host, bool no_auth) {
  Settings settings;
  settings.listen.host = host;
  settings.no_auth = no_auth;
  return settings;
}

constexpr DatabaseState kNoKeys{};
constexpr DatabaseState kOneOfTwo{.keys = 2, .valid_keys = 1};
constexpr DatabaseState kRevoked{.keys = 2};

TEST(Entry, WithoutKeysOnLoopbackOrWhereItIsMeant) {
  EXPECT_EQ(entry_of(listening_at("127.0.0.1", false), kNoKeys), Entry::kAnybody);
  EXPECT_EQ(entry_of(listening_at("0.0.0.0", false), kNoKeys), Entry::kRefused);
  EXPECT_EQ(entry_of(listening_at("0.0.0.0", true), kNoKeys), Entry::kAnybody);
}

TEST(Entry, AValidKeyIsAskedForWhateverElseIsSaid) {
  for (const char* host : {"127.0.0.1", "0.0.0.0"}) {
    for (const bool no_auth : {false, true}) {
      EXPECT_EQ(entry_of(listening_at(host, no_auth), kOneOfTwo), Entry::kWithKey);
    }
  }
}

TEST(Entry, NothingOpensByARevocation) {
  for (const char* host : {"127.0.0.1", "0.0.0.0"}) {
    EXPECT_EQ(entry_of(listening_at(host, false), kRevoked), Entry::kNobody);
    EXPECT_EQ(entry_of(listening_at(host, true), kRevoked), Entry::kAnybody);
  }
}

}  // namespace
}  // namespace imgmill::cli
