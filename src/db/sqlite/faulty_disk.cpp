#include "db/sqlite/faulty_disk.h"

#include <atomic>
#include <mutex>

#include <sqlite3.h>

#include "base/check.h"

namespace imgmill {
namespace {

std::atomic<int> write_code{SQLITE_OK};
std::atomic<bool> database_only{false};
std::atomic<int> sync_code{SQLITE_OK};

sqlite3_vfs* real_vfs = nullptr;
// The real methods of a kind of file, and ours: the same but for two.
struct Methods {
  const sqlite3_io_methods* real = nullptr;
  sqlite3_io_methods ours;
};
Methods of_database;
Methods of_others;  // journals, WAL

template <Methods& methods>
int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const bool spared = database_only && &methods != &of_database;
  if (const int code = write_code; code != SQLITE_OK && !spared) return code;
  return methods.real->xWrite(file, data, size, offset);
}

template <Methods& methods>
int sync_file(sqlite3_file* file, int flags) {
  if (const int code = sync_code; code != SQLITE_OK) return code;
  return methods.real->xSync(file, flags);
}

template <Methods& methods>
void put_between(sqlite3_file* file) {
  static std::once_flag once;
  std::call_once(once, [file] {
    methods.real = file->pMethods;
    methods.ours = *methods.real;
    methods.ours.xWrite = write_file<methods>;
    methods.ours.xSync = sync_file<methods>;
  });
  CHECK(file->pMethods == methods.real);
  file->pMethods = &methods.ours;
}

int open_file(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
  if (code != SQLITE_OK || file->pMethods == nullptr) return code;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    put_between<of_database>(file);
  } else {
    put_between<of_others>(file);
  }
  return SQLITE_OK;
}

void register_once() {
  static sqlite3_vfs vfs;
  if (real_vfs != nullptr) return;
  real_vfs = sqlite3_vfs_find(nullptr);
  vfs = *real_vfs;
  vfs.zName = FaultyDisk::kVfs;
  vfs.xOpen = open_file;
  CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

}  // namespace

FaultyDisk::FaultyDisk() {
  register_once();
  heal();
}

void FaultyDisk::fail_writes(int code, DiskFile files) {
  database_only = files == DiskFile::kDatabase;
  write_code = code;
}

void FaultyDisk::fail_syncs() { sync_code = SQLITE_IOERR_FSYNC; }

void FaultyDisk::heal() {
  write_code = SQLITE_OK;
  sync_code = SQLITE_OK;
}

}  // namespace imgmill
