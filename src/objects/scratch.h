// Where objects are written before they get their name: ".scratch/{random}" below the store's root,
// one folder a process, held by a lock that dies with it. So the next process sees which folders
// are of the dead and sweeps them, and two living processes on one store leave each other alone.
//
// Thread-safe after create(). Includes base only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill {

class ScratchFile;

class Scratch {
 public:
  // Sweeps what dead processes left. kNoSpace, kIo.
  [[nodiscard]] static Result<std::unique_ptr<Scratch>> create(int root_fd);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // An empty file, open for writing. kNoSpace, kIo.
  [[nodiscard]] Result<ScratchFile> new_file(unsigned mode);

 private:
  Scratch(UniqueFd all, UniqueFd own, std::string own_name);

  UniqueFd all_;  // ".scratch"
  UniqueFd own_;  // locked
  std::string own_name_;
  std::atomic<std::uint64_t> next_number_ = 0;
};

// Gone with the handle unless it was given its name. One thread at a time; not after its Scratch.
class ScratchFile {
 public:
  ScratchFile(int folder_fd, std::string name, UniqueFd file);
  ~ScratchFile();
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&&) = delete;

  [[nodiscard]] int fd() const { return file_.get(); }
  [[nodiscard]] Result<void> append(std::span<const std::byte> bytes);
  // Some file systems tell only here that the disk was full.
  [[nodiscard]] Result<void> close();
  // Replaces `name` in `folder_fd`. Gives the error number, 0 for success.
  [[nodiscard]] int rename_to(int folder_fd, const std::string& name);

 private:
  int folder_fd_;
  std::string name_;  // empty: nothing to remove any more
  UniqueFd file_;
};

}  // namespace imgmill
