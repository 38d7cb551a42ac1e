#include "objects/local_dir.h"

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "base/crypto.h"

namespace imgmill {
namespace {

namespace fs = std::filesystem;

class LocalDirTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::unique_ptr<LocalDir> make() const { return LocalDir::create(root_).value(); }

  // Regular files below the root, scratch too.
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      if (!entry.is_directory()) found.push_back(entry.path().lexically_relative(root_).string());
    }
    return found;
  }

  static std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
  }

  // Runs `body` in a process of its own; its int is the process's status.
  static int in_a_child(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(body());
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("imgmill-local-dir-" + random_uuid());
  const fs::path root_ = folder_ / "store";
};

constexpr int kSkip = 77;

TEST_F(LocalDirTest, PutsAFileThatOthersMayRead) {
  const ::mode_t old_mask = ::umask(022);
  ASSERT_TRUE(make()->put("processed/one/a.jpg", bytes_of("hello")));
  ::umask(old_mask);
  struct stat status{};
  ASSERT_EQ(::stat((root_ / "processed/one/a.jpg").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFREG | 0644U);
  EXPECT_EQ(status.st_size, 5);
}

TEST_F(LocalDirTest, FindsWhatAnEarlierProcessPut) {
  ASSERT_TRUE(make()->put("a/b", bytes_of("kept")));
  const auto reader = make()->open("a/b");
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->size(), 4U);
}

TEST_F(LocalDirTest, SaysWhenAnObjectWasWritten) {
  const auto store = make();
  ASSERT_TRUE(store->put("a", {}));
  const std::array<timespec, 2> times{timespec{1'700'000'000, 0}, {1'700'000'000, 123'456'789}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_ / "a").c_str(), times.data(), 0), 0);
  EXPECT_EQ(store->open("a").value()->modified_at(), from_us(1'700'000'000'123'456));
}

TEST_F(LocalDirTest, LeavesNothingOfABatchThatWasRemoved) {
  const auto store = make();
  ASSERT_TRUE(store->put("processed/one/a", {}));
  ASSERT_TRUE(store->put("processed/one/b", {}));
  ASSERT_TRUE(store->put("processed/two/c", {}));
  ASSERT_TRUE(store->remove("processed/one/a"));
  EXPECT_TRUE(fs::exists(root_ / "processed/one/b"));
  ASSERT_TRUE(store->remove("processed/one/b"));
  EXPECT_FALSE(fs::exists(root_ / "processed/one"));
  EXPECT_TRUE(fs::exists(root_ / "processed/two/c"));
  ASSERT_TRUE(store->remove("processed/two/c"));
  EXPECT_FALSE(fs::exists(root_ / "processed"));
}

TEST_F(LocalDirTest, NeverGoesThroughASymbolicLink) {
  const auto store = make();
  const fs::path outside = folder_ / "outside";
  fs::create_directories(outside);
  std::ofstream(outside / "secret") << "secret";
  fs::create_symlink(outside / "secret", root_ / "file");
  fs::create_directory_symlink(outside, root_ / "folder");
  EXPECT_EQ(store->open("file").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->open("folder/secret").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->put("folder/new", {}).error().code, ErrorCode::kIo);
  EXPECT_TRUE(store->remove("folder/secret"));
  EXPECT_TRUE(fs::exists(outside / "secret"));
  EXPECT_FALSE(fs::exists(outside / "new"));
  // A link in an object's place is replaced, not followed.
  EXPECT_TRUE(store->put("file", bytes_of("mine")));
  EXPECT_FALSE(fs::is_symlink(root_ / "file"));
  EXPECT_EQ(fs::file_size(outside / "secret"), 6U);
}

TEST_F(LocalDirTest, OpensRegularFilesOnly) {
  const auto store = make();
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(store->open("fifo").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->put_file("a", root_ / "fifo").error().code, ErrorCode::kIo);
  EXPECT_EQ(store->put_file("a", root_).error().code, ErrorCode::kIo);
}

TEST_F(LocalDirTest, TakesAFileWithoutCopying) {
  const auto store = make();
  std::ofstream(folder_ / "spool") << "spooled";
  struct stat before{};
  ASSERT_EQ(::stat((folder_ / "spool").c_str(), &before), 0);
  ASSERT_TRUE(store->put_file("csv/one.csv", folder_ / "spool"));
  struct stat after{};
  ASSERT_EQ(::stat((root_ / "csv/one.csv").c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_FALSE(fs::exists(folder_ / "spool"));
}

TEST_F(LocalDirTest, CopiesAFileOfAnotherFileSystem) {
  const fs::path elsewhere = "/dev/shm/imgmill-" + random_uuid();
  std::ofstream(elsewhere) << std::string(300'000, 'x');
  struct stat there{};
  struct stat here{};
  if (::stat(elsewhere.c_str(), &there) != 0 || ::stat(folder_.c_str(), &here) != 0 ||
      there.st_dev == here.st_dev) {
    fs::remove(elsewhere);
    GTEST_SKIP() << "there is no second file system at /dev/shm";
  }
  const auto store = make();
  ASSERT_TRUE(store->put_file("csv/one.csv", elsewhere));
  EXPECT_FALSE(fs::exists(elsewhere));
  EXPECT_EQ(fs::file_size(root_ / "csv/one.csv"), 300'000U);
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(LocalDirTest, SweepsWhatAKilledProcessLeft) {
  const int status = in_a_child([this] {
    const auto store = make();
    for (const auto& own : fs::directory_iterator(root_ / ".scratch")) {
      std::ofstream(own.path() / "half") << "half an object";
    }
    ::_exit(files().size() == 1 ? 0 : 1);  // as kill -9: nothing of ours runs any more
    return 1;
  });
  ASSERT_EQ(status, 0);
  ASSERT_EQ(files().size(), 1U);
  const auto store = make();
  EXPECT_TRUE(files().empty());
}

TEST_F(LocalDirTest, LeavesTheScratchOfALivingProcessAlone) {
  const auto living = make();
  for (const auto& own : fs::directory_iterator(root_ / ".scratch")) {
    std::ofstream(own.path() / "half") << "being written";
  }
  const auto second = make();
  EXPECT_EQ(files().size(), 1U);
  EXPECT_TRUE(living->put("a", {}));
  EXPECT_TRUE(second->put("b", {}));
}

TEST_F(LocalDirTest, LeavesNoScratchOfItsOwn) {
  make().reset();
  EXPECT_TRUE(fs::is_empty(root_ / ".scratch"));
}

TEST_F(LocalDirTest, LeavesNothingHalfWrittenWhenAWriteFails) {
  const int status = in_a_child([this] {
    const auto store = make();
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    const Result<void> put = store->put("a/b", bytes_of(std::string(5'000, 'x')));
    if (put || put.error().code != ErrorCode::kTooLarge) return 2;
    return files().empty() && !fs::exists(root_ / "a") ? 0 : 3;
  });
  EXPECT_EQ(status, 0);
}

// On a disk of 1 MiB in a mount namespace of the child's own.
TEST_F(LocalDirTest, SaysThatTheDiskIsFullAndGoesOnWhenThereIsRoom) {
  const int status = in_a_child([this] {
    if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return kSkip;
    fs::create_directories(root_);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kSkip;
    if (::mount("small", root_.c_str(), "tmpfs", 0, "size=1m") != 0) return kSkip;
    const auto store = make();
    const std::string big(2'000'000, 'x');
    const std::string fits(600'000, 'x');
    const Result<void> put = store->put("a/big", bytes_of(big));
    if (put || put.error().code != ErrorCode::kNoSpace || !files().empty()) return 1;
    std::ofstream(folder_ / "spool") << big;
    const Result<void> taken = store->put_file("a/file", folder_ / "spool");
    if (taken || taken.error().code != ErrorCode::kNoSpace || !files().empty()) return 2;
    if (!fs::exists(folder_ / "spool")) return 3;
    if (store->check().error().code != ErrorCode::kNoSpace) return 4;
    if (!store->put("a/fits", bytes_of(fits))) return 5;
    if (store->put("a/second", bytes_of(fits))) return 6;
    if (!store->remove("a/fits") || !store->put("a/second", bytes_of(fits))) return 7;
    return 0;
  });
  if (status == kSkip) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(status, 0);
}

TEST_F(LocalDirTest, RefusesAFolderItCannotWriteAndSaysWhatToDo) {
  const int status = in_a_child([this] {
    fs::create_directories(root_);
    fs::permissions(root_, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read |
                               fs::perms::others_exec);
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return kSkip;
    const auto store = LocalDir::create(root_);
    if (store || store.error().code != ErrorCode::kIo) return 1;
    if (!store.error().text.contains("--storage-url")) return 2;
    if (store.error().text.contains(root_.string())) return 3;
    return store.error().detail.contains("Permission denied") ? 0 : 4;
  });
  if (status == kSkip) GTEST_SKIP() << "this user cannot become another";
  EXPECT_EQ(status, 0);
}

TEST_F(LocalDirTest, RefusesARootThatIsAFile) {
  std::ofstream(folder_ / "file") << "x";
  const auto store = LocalDir::create(folder_ / "file");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kIo);
}

TEST_F(LocalDirTest, IsNotReadyWhenItsFolderIsGone) {
  const auto store = make();
  EXPECT_TRUE(store->check());
  fs::remove_all(root_);
  EXPECT_EQ(store->check().error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace imgmill
