#include "fetch/local_fetcher.h"

#include <cstdlib>
#include <fstream>
#include <future>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "fetch/fetcher_fixture.h"

namespace imgmill {
namespace {

namespace fs = std::filesystem;

// Notes what it was asked for.
class FakeFetcher final : public Fetcher {
 public:
  void get(std::string url, std::int64_t, Callback<FetchOutcome> done) override {
    asked.push_back(std::move(url));
    done({Spool(), std::nullopt});
  }
  void drop(std::int64_t batch) override { asked.push_back("drop " + std::to_string(batch)); }
  void post(Post post, Callback<PostOutcome> done) override {
    asked.push_back(std::move(post.url));
    done({200, {}, {}, {}});
  }
  std::vector<std::string> asked;
};

class LocalFetcherTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "local-fetcher-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    write("a b.jpg", "the picture");
    fetcher_ = std::make_unique<LocalFetcher>(folder_, folder_, 1'000, remote_, pool_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  FetchOutcome get(std::string url) {
    std::promise<FetchOutcome> answer;
    fetcher_->get(std::move(url), 0,
                  [&](FetchOutcome outcome) { answer.set_value(std::move(outcome)); });
    return answer.get_future().get();
  }
  std::string text(std::string url) {
    const FetchOutcome outcome = get(std::move(url));
    return outcome.body ? text_of(*outcome.body) : word_of(outcome);
  }

  fs::path folder_;
  FakeFetcher remote_;
  asio::thread_pool pool_{1};
  std::unique_ptr<LocalFetcher> fetcher_;
};

TEST_F(LocalFetcherTest, ReadsPathsAndFileUrls) {
  const std::string absolute = (folder_ / "a b.jpg").string();
  const std::string encoded = (folder_ / "a%20b.jpg").string();
  EXPECT_EQ(text("a b.jpg"), "the picture");
  EXPECT_EQ(text("./a b.jpg"), "the picture");
  EXPECT_EQ(text(absolute), "the picture");
  EXPECT_EQ(text("file://" + encoded), "the picture");
  EXPECT_EQ(text("FILE://localhost" + encoded), "the picture");
  EXPECT_EQ(text("file:" + encoded + "#x"), "the picture");
}

TEST_F(LocalFetcherTest, RefusesWhatIsNoFile) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  for (const char* url : {"missing.jpg", "a b.jpg/x", ".", "pipe", "/dev/zero", "", "file:",
                          "file://example.com/a", "file:///%zz", "file:///a%00b", "file:a b.jpg"}) {
    const FetchOutcome outcome = get(url);
    EXPECT_EQ(word_of(outcome), "invalid_url") << url;
    EXPECT_FALSE(outcome.fault->retryable);
    EXPECT_FALSE(outcome.fault->fault.message.empty());
  }
  EXPECT_EQ(text(std::string(5'000, 'a')), "invalid_url");
}

TEST_F(LocalFetcherTest, BoundsWhatItReads) {
  write("bound", std::string(1'000, 'x'));
  write("over", std::string(1'001, 'x'));
  write("empty", "");
  EXPECT_EQ(text("bound").size(), 1'000U);
  EXPECT_EQ(text("over"), "too_large");
  EXPECT_EQ(text("empty"), "empty_body");
  // A file that says it is empty is read all the same, and bounded.
  EXPECT_EQ(text("/proc/self/smaps"), "too_large");
}

TEST_F(LocalFetcherTest, LeavesEverythingElseToTheRemoteFetcher) {
  get("http://example.com/a");
  get("HTTPS://example.com/b");
  get("ftp://example.com/c");
  fetcher_->post({"http://example.com/hook", {}, "{}", std::chrono::seconds(1)},
                 [](const PostOutcome&) {});
  EXPECT_EQ(remote_.asked,
            (std::vector<std::string>{"http://example.com/a", "HTTPS://example.com/b",
                                      "ftp://example.com/c", "http://example.com/hook"}));
}

}  // namespace
}  // namespace imgmill
