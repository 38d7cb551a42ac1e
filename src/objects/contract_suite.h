// What every ObjectStore must do, as tests. A test program includes this once and says over what it
// runs:
//   INSTANTIATE_TEST_SUITE_P(Fake, ObjectStoreContract, testing::Values(StoreCase{"fake",
//   make_fake}));
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/crypto.h"
#include "objects/object_store.h"

namespace imgmill {

struct StoreCase {
  std::string name;
  // A new, empty store; `folder` is an empty folder of this test's own.
  std::function<std::unique_ptr<ObjectStore>(const std::filesystem::path& folder)> make;
};

class ObjectStoreContract : public testing::TestWithParam<StoreCase> {
 protected:
  static std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
  }

  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("imgmill-objects-" + random_uuid());
    std::filesystem::create_directories(folder_ / "store");
    store_ = GetParam().make(folder_ / "store");
    ASSERT_TRUE(store_);
  }

  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] Result<std::string> content(std::string_view key) const {
    TRY(const auto reader, store_->open(key));
    std::string text(reader->size(), '\0');
    TRY(const std::size_t count, reader->read(0, std::as_writable_bytes(std::span(text))));
    text.resize(count);
    return text;
  }

  [[nodiscard]] std::filesystem::path spool_file(std::string_view text) const {
    const std::filesystem::path path = folder_ / "spooled";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::filesystem::path folder_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_P(ObjectStoreContract, GivesBackWhatWasPut) {
  ASSERT_TRUE(store_->put("processed/one/a.jpg", bytes_of("hello")));
  EXPECT_EQ(content("processed/one/a.jpg").value(), "hello");
}

TEST_P(ObjectStoreContract, TakesTheEmptyObject) {
  ASSERT_TRUE(store_->put("empty", {}));
  EXPECT_EQ(content("empty").value(), "");
}

TEST_P(ObjectStoreContract, ReplacesAndAnOpenReaderKeepsTheOld) {
  ASSERT_TRUE(store_->put("a/b", bytes_of("old bytes")));
  const auto reader = store_->open("a/b");
  ASSERT_TRUE(reader);
  ASSERT_TRUE(store_->put("a/b", bytes_of("new")));
  EXPECT_EQ(content("a/b").value(), "new");
  std::string old(9, '\0');
  ASSERT_EQ((*reader)->read(0, std::as_writable_bytes(std::span(old))).value(), 9U);
  EXPECT_EQ(old, "old bytes");
}

TEST_P(ObjectStoreContract, ReadsFromAnyOffset) {
  ASSERT_TRUE(store_->put("a", bytes_of("0123456789")));
  const auto reader = store_->open("a");
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->size(), 10U);
  std::array<char, 4> out{};
  const auto buffer = std::as_writable_bytes(std::span(out));
  EXPECT_EQ((*reader)->read(3, buffer).value(), 4U);
  EXPECT_EQ(std::string_view(out.data(), 4), "3456");
  EXPECT_EQ((*reader)->read(8, buffer).value(), 2U);
  EXPECT_EQ((*reader)->read(10, buffer).value(), 0U);
  EXPECT_EQ((*reader)->read(UINT64_MAX, buffer).value(), 0U);
  EXPECT_EQ((*reader)->read(0, {}).value(), 0U);
}

TEST_P(ObjectStoreContract, SaysWhatIsNotThere) {
  ASSERT_TRUE(store_->put("a/b", bytes_of("x")));
  for (const char* key : {"missing", "a/missing", "missing/too", "a"}) {
    EXPECT_EQ(store_->open(key).error().code, ErrorCode::kNotFound) << key;
  }
}

TEST_P(ObjectStoreContract, RefusesWhatIsNoKeyInEveryVerb) {
  const std::filesystem::path file = spool_file("x");
  for (const char* key : {"", "/etc/passwd", "../x", "a/../../x", ".hidden", "a//b"}) {
    const std::array<std::string, 1> keys{key};
    EXPECT_EQ(store_->put(key, {}).error().code, ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->put_file(key, file).error().code, ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->make_durable(keys).error().code, ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->open(key).error().code, ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->remove(key).error().code, ErrorCode::kInvalid) << key;
  }
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_P(ObjectStoreContract, TakesAFile) {
  const std::string text(300'000, 'f');
  ASSERT_TRUE(store_->put_file("csv/one.csv", spool_file(text)));
  EXPECT_EQ(content("csv/one.csv").value(), text);
  ASSERT_TRUE(store_->put_file("csv/one.csv", spool_file("again")));
  EXPECT_EQ(content("csv/one.csv").value(), "again");
}

TEST_P(ObjectStoreContract, FailsWhenTheFileIsNotThere) {
  EXPECT_EQ(store_->put_file("a", folder_ / "missing").error().code, ErrorCode::kIo);
  EXPECT_EQ(store_->open("a").error().code, ErrorCode::kNotFound);
}

TEST_P(ObjectStoreContract, MakesManyDurable) {
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) {
    keys.push_back("processed/" + std::to_string(i % 3) + "/" + std::to_string(i));
    ASSERT_TRUE(store_->put(keys.back(), bytes_of(keys.back())));
  }
  keys.push_back(keys.front());  // twice the same is no fault
  EXPECT_TRUE(store_->make_durable(keys));
  EXPECT_TRUE(store_->make_durable({}));
  for (const std::string& key : keys) EXPECT_EQ(content(key).value(), key);
}

TEST_P(ObjectStoreContract, CannotMakeDurableWhatIsNotThere) {
  const std::array<std::string, 2> keys{"a/missing", "missing"};
  EXPECT_EQ(store_->make_durable(keys).error().code, ErrorCode::kNotFound);
}

TEST_P(ObjectStoreContract, RemovesAndDoesNotMindWhatIsGone) {
  ASSERT_TRUE(store_->put("a/b/c", bytes_of("x")));
  ASSERT_TRUE(store_->put("a/b/d", bytes_of("y")));
  ASSERT_TRUE(store_->remove("a/b/c"));
  EXPECT_EQ(store_->open("a/b/c").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(content("a/b/d").value(), "y");
  EXPECT_TRUE(store_->remove("a/b/c"));
  EXPECT_TRUE(store_->remove("nothing/at/all"));
  ASSERT_TRUE(store_->remove("a/b/d"));
  ASSERT_TRUE(store_->put("a/b/c", bytes_of("back")));
  EXPECT_EQ(content("a/b/c").value(), "back");
}

TEST_P(ObjectStoreContract, IsReady) { EXPECT_TRUE(store_->check()); }

// Two threads put and remove the last object of one folder while a third reads: a put that
// succeeded is never lost to the other's clearing of the empty folder, and a reader sees all or
// nothing.
TEST_P(ObjectStoreContract, HoldsUnderPutsAndRemovesAtOnce) {
  constexpr int kRounds = 300;
  const std::string text(20'000, 'x');
  std::atomic<int> faults = 0;
  const auto churn = [&](const std::string& key) {
    for (int i = 0; i < kRounds; ++i) {
      if (!store_->put(key, bytes_of(text)) || content(key).value_or("") != text) ++faults;
      if (!store_->remove(key)) ++faults;
    }
  };
  std::jthread one(churn, "folder/deep/one");
  std::jthread two(churn, "folder/deep/two");
  for (int i = 0; i < kRounds; ++i) {
    const Result<std::string> seen = content("folder/deep/one");
    if (seen ? *seen != text : seen.error().code != ErrorCode::kNotFound) ++faults;
  }
  one.join();
  two.join();
  EXPECT_EQ(faults, 0);
}

}  // namespace imgmill
