// The data folder: imgmill.db, objects/, spool/ and the lock that keeps a second process out. What
// a killed process left in spool/ is removed.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill {

class DataFolder {
 public:
  // Makes what is missing. kConflict names the pid of the process that has it; kIo and kNoSpace say
  // what cannot be written. `flag` is what chooses another folder, for their hints.
  [[nodiscard]] static Result<DataFolder> open(const std::filesystem::path& path,
                                               std::string_view flag = "--data-dir");

  // Where the database of the folder is, whoever has it.
  [[nodiscard]] static std::filesystem::path database_in(const std::filesystem::path& path) {
    return path / "imgmill.db";
  }

  [[nodiscard]] std::filesystem::path database_file() const { return database_in(path_); }
  [[nodiscard]] std::filesystem::path objects() const { return path_ / "objects"; }
  [[nodiscard]] std::filesystem::path spool() const { return path_ / "spool"; }

 private:
  DataFolder(std::filesystem::path path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

}  // namespace imgmill
