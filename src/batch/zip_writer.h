// A ZIP archive as it goes out: entries one behind the other, stored as they are, nothing ever
// patched, so that it can be sent while it is made. ZIP64 where size or number want it. The
// directory that ends an archive waits in a Spool: memory stays flat for any number of entries.
//
// libarchive would keep the directory in memory.
//
// One thread at a time. What is written is appended to `out`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/spool.h"

namespace imgmill {

class ZipWriter {
 public:
  // `spool_folder` is for the directory when it is large.
  explicit ZipWriter(std::filesystem::path spool_folder) : directory_(std::move(spool_folder)) {}

  // A whole entry. Names are UTF-8, relative, each of them once. kNoSpace or kIo of the spool.
  [[nodiscard]] Result<void> add(std::string_view name, Time modified_at, std::string_view bytes,
                                 std::string& out);
  // An entry in pieces: begin, append any number of times, end. Its checksum follows behind it.
  void begin(std::string_view name, Time modified_at, std::optional<std::uint64_t> size,
             std::string& out);
  void append(std::string_view bytes, std::string& out);
  [[nodiscard]] Result<void> end(std::string& out);
  // Behind the last entry, again and again: a piece of the directory; empty at the end.
  [[nodiscard]] Result<void> finish(std::string& out);

 private:
  struct Entry {
    std::string name;
    Time modified_at;
    bool in_pieces = false;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
  };

  void write_header(std::optional<std::uint64_t> size, std::string& out);
  [[nodiscard]] Result<void> list_entry();
  void write_end(std::string& out);

  Entry entry_;
  std::uint64_t offset_ = 0;  // bytes written so far
  std::uint64_t entries_ = 0;
  Spool directory_;
  std::string listed_;  // on its way into directory_
  std::uint64_t directory_begin_ = 0;
  std::uint64_t directory_read_ = 0;
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace imgmill
