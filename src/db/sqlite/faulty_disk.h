// A disk that fails when told to: an SQLite VFS that passes everything on to the real one, but for
// the writes and syncs that a test wants to fail. For tests.
#pragma once

namespace imgmill {

enum class DiskFile { kAny, kDatabase };

// One at a time; heals when it goes. Thread-safe.
class FaultyDisk {
 public:
  static constexpr const char* kVfs = "imgmill-faulty";

  FaultyDisk();
  ~FaultyDisk() { heal(); }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // Writes of those files return this SQLite code (SQLITE_FULL, SQLITE_IOERR_WRITE) from now on.
  void fail_writes(int code, DiskFile files = DiskFile::kAny);
  void fail_syncs();
  void heal();
};

}  // namespace imgmill
