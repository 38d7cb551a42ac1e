// The data folder: imgmill.db, objects/, spool/ and the lock that keeps a second process out. What
// a killed process left in spool/ is removed.
#pragma once

#include <filesystem>
#include <string_view>

#include "app/settings.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill {

class DataFolder {
 public:
  // Makes what is missing. kConflict names the pid of the process that has it; kIo and kNoSpace say
  // what cannot be written. `flag` is what chooses another folder, for their hints.
  [[nodiscard]] static Result<DataFolder> open(const std::filesystem::path& path,
                                               std::string_view flag = "--data-dir");

  // Makes the folder itself where it is missing, for its user alone, and takes no lock.
  [[nodiscard]] static Result<void> make(const std::filesystem::path& path,
                                         std::string_view flag = "--data-dir");

  [[nodiscard]] std::filesystem::path database_file() const;
  [[nodiscard]] std::filesystem::path objects() const;
  [[nodiscard]] std::filesystem::path spool() const { return path_ / "spool"; }

 private:
  DataFolder(std::filesystem::path path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

// What the settings name, or where it is in their data folder. Nothing is made.
[[nodiscard]] std::filesystem::path database_of(const Settings& settings);
[[nodiscard]] std::filesystem::path objects_of(const Settings& settings);

}  // namespace imgmill
