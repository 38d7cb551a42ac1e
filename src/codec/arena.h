// Shared memory between the parent and one codec child: a sealed memfd, mapped once by both. Pages
// that no picture has touched cost nothing. The child cannot change its size, so reading it never
// faults.
//
// One thread at a time; the child's process may write to it at any moment.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"
#include "base/unique_fd.h"
#include "codec/wire.h"

namespace imgmill {

class Arena {
 public:
  // kIo or kNoSpace.
  [[nodiscard]] static Result<Arena> create(const codec_wire::ArenaLayout& layout);
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&&) = delete;
  ~Arena();

  [[nodiscard]] std::span<std::byte> source_area() const;
  [[nodiscard]] std::span<const std::byte> reply_area() const;
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Gives back the memory of all but the first limits::kCodecArenaKeptBytes of both areas; what
  // stood there reads as zeros.
  void trim();

 private:
  Arena(UniqueFd fd, std::byte* base, codec_wire::ArenaLayout layout)
      : fd_(std::move(fd)), base_(base), layout_(layout) {}

  UniqueFd fd_;
  std::byte* base_;
  codec_wire::ArenaLayout layout_;
};

}  // namespace imgmill
