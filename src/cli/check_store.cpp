// Data folder, database and store, as a server would use them. What is not there yet is not made.
#include <charconv>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fmt/format.h>
#include <unistd.h>

#include "app/data_folder.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "cli/entry.h"
#include "cli/health.h"
#include "cli/human_text.h"
#include "objects/local_dir.h"

namespace imgmill::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kComfortableBytes = 1'000'000'000;

bool is_writable(const fs::path& path) { return ::access(path.c_str(), R_OK | W_OK) == 0; }

fs::path nearest_existing(fs::path path) {
  std::error_code error;
  path = fs::absolute(path, error).lexically_normal();
  while (!fs::exists(path, error) && path.has_relative_path()) path = path.parent_path();
  return path;
}

// Something that the first start will make.
Finding not_there_yet(const char* check, const fs::path& path, const char* flag) {
  const fs::path parent = nearest_existing(path);
  std::error_code error;
  if (fs::is_directory(parent, error) && is_writable(parent)) {
    return {check, Health::kOk, fmt::format("the first start makes {}", path.string())};
  }
  return {check, Health::kFail,
          fmt::format("{} is not there, and {} cannot be written", path.string(), parent.string()),
          fmt::format("give this user the right to write there, or choose another with {}", flag)};
}

Finding data_folder(const Settings& settings) {
  const fs::path& folder = settings.data_dir;
  std::error_code error;
  if (!fs::exists(folder, error)) return not_there_yet("data folder", folder, "--data-dir");
  if (!fs::is_directory(folder, error) || !is_writable(folder)) {
    return {"data folder", Health::kFail,
            fmt::format("{} is no folder that can be written", folder.string()),
            "give this user the right to write there, or choose another with --data-dir"};
  }
  struct stat about{};
  if (::geteuid() == 0 && ::stat(folder.c_str(), &about) == 0 && about.st_uid != 0) {
    return {"data folder", Health::kWarn,
            fmt::format("{} belongs to user {}, and this is root", folder.string(), about.st_uid),
            "look as the server's user: root may write where that one may not"};
  }
  const int owner = owner_of(folder);
  return {"data folder", Health::kOk,
          owner == 0 ? fmt::format("{} can be written", folder.string())
                     : fmt::format("{} is in use by process {}", folder.string(), owner)};
}

Finding schema(const fs::path& file, const DatabaseState& state) {
  if (state.version == state.newest) {
    return {"database", Health::kOk,
            fmt::format("{}, version {}, up to date", file.string(), state.version)};
  }
  if (state.version < state.newest) {
    return {"database", Health::kOk,
            fmt::format("{}, version {}: the next start brings it to {}", file.string(),
                        state.version, state.newest)};
  }
  return {"database", Health::kFail,
          fmt::format("{} has version {}, this program knows up to {}", file.string(),
                      state.version, state.newest),
          "start the newer program, or choose another data folder"};
}

Finding access(const Settings& settings) {
  const auto found = inspect_database(database_of(settings));
  const DatabaseState state = found.value_or(DatabaseState{});
  switch (entry_of(settings, state)) {
    case Entry::kAnybody:
      return {"access", Health::kOk, "no keys: whoever reaches the server may use it"};
    case Entry::kWithKey:
      return {"access", Health::kOk, fmt::format("keys that are valid: {}", state.valid_keys)};
    case Entry::kNobody:
      return {"access", Health::kWarn, "every access key was revoked: nobody gets in",
              "make one with \"imgmill keys create NAME\""};
    case Entry::kRefused:
      break;
  }
  return {"access", Health::kFail,
          fmt::format("without access keys a server does not listen on {}", settings.listen.host),
          "make one with \"imgmill keys create NAME\", or say --no-auth"};
}

Finding database(const Settings& settings) {
  const fs::path file = database_of(settings);
  std::error_code error;
  if (!fs::exists(file, error)) return not_there_yet("database", file, "--database-url");
  if (!is_writable(file) || !is_writable(fs::absolute(file, error).parent_path())) {
    return {"database", Health::kFail, fmt::format("{} cannot be written", file.string()),
            "the file and its folder must be writable for this user"};
  }
  const auto state = inspect_database(file);
  if (state) return schema(file, *state);
  return {"database", Health::kFail, fmt::format("{}: {}", file.string(), describe(state.error())),
          "restore it from a backup, or choose another data folder"};
}

// Writes, reads and deletes an object that nobody knows.
Result<void> probe(const fs::path& folder) {
  TRY(const auto store, LocalDir::create(folder));
  TRY_VOID(store->check());
  const std::string key = fmt::format("doctor/{:016x}", random_u64());
  const auto bytes = std::as_bytes(std::span(key));
  TRY_VOID(store->put(key, bytes));
  std::string read(key.size(), '\0');
  const auto read_back = [&]() -> Result<void> {
    TRY(const auto reader, store->open(key));
    TRY_VOID(reader->read(0, std::as_writable_bytes(std::span(read))));
    return {};
  }();
  TRY_VOID(store->remove(key));
  TRY_VOID(read_back);
  if (read == key) return {};
  return fail(ErrorCode::kCorrupt, "what was read is not what was written");
}

Finding storage(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return not_there_yet("storage", folder, "--storage-url");
  const auto probed = probe(folder);
  if (probed) {
    return {"storage", Health::kOk,
            fmt::format("{}: an object was written, read and deleted", folder.string())};
  }
  return {"storage", Health::kFail,
          fmt::format("{}: {}", folder.string(), describe(probed.error())),
          "give this user the right to write there, make room, or choose another with "
          "--storage-url"};
}

Finding disk(const char* check, const fs::path& folder) {
  struct statvfs about{};
  const fs::path there = nearest_existing(folder);
  if (::statvfs(there.c_str(), &about) != 0) {
    return {check, Health::kWarn, fmt::format("{} does not say how full it is", there.string())};
  }
  const std::uint64_t free = std::uint64_t{about.f_bavail} * about.f_frsize;
  const bool no_inode = about.f_files > 0 && about.f_favail == 0;
  const std::string text = no_inode
                               ? fmt::format("no file can be added at {}", there.string())
                               : fmt::format("{} free at {}", human_bytes(free), there.string());
  if (no_inode || free < limits::kStoreFreeBytesMin) {
    return {check, Health::kFail, text,
            "make room: uploads are refused and images fail until then"};
  }
  if (free < kComfortableBytes) return {check, Health::kWarn, text, "make room before it is full"};
  return {check, Health::kOk, text};
}

}  // namespace

// /proc/locks instead of a try: whoever tries has the lock for a moment, and a server that starts
// just then would be refused. "1: FLOCK ADVISORY WRITE 1234 08:01:5678 0 EOF".
int owner_of(const fs::path& data_dir) {
  struct stat about{};
  if (::stat((data_dir / "imgmill.lock").c_str(), &about) != 0) return 0;
  const std::string inode = fmt::format(":{} ", about.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    const std::size_t found = line.find(inode);
    if (found == line.npos || !line.contains(" FLOCK ") || !line.contains(" WRITE ")) continue;
    const std::size_t pid_end = line.rfind(' ', found);
    const std::size_t pid_begin = line.rfind(' ', pid_end - 1) + 1;
    int pid = 0;
    std::from_chars(line.data() + pid_begin, line.data() + pid_end, pid);
    if (pid > 0) return pid;
  }
  return 0;
}

void check_store(const Settings& settings, Findings& findings) {
  const fs::path objects = objects_of(settings);
  findings.push_back(data_folder(settings));
  findings.push_back(database(settings));
  findings.push_back(access(settings));
  findings.push_back(storage(objects));
  findings.push_back(disk("disk", settings.data_dir));
  if (!settings.storage_folder.empty()) findings.push_back(disk("storage disk", objects));
}

}  // namespace imgmill::cli
