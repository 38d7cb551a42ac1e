#include "codec/arena.h"

#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <utility>

#include <fcntl.h>

#include "base/limits.h"

namespace imgmill {
namespace {

constexpr const char* kArenaText = "the memory shared with a codec process could not be made";

void give_back(int fd, std::uint64_t offset, std::uint64_t bytes) {
  if (bytes <= limits::kCodecArenaKeptBytes) return;
  // A failure costs memory until the child is replaced, and nothing else.
  static_cast<void>(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                static_cast<off_t>(offset + limits::kCodecArenaKeptBytes),
                                static_cast<off_t>(bytes - limits::kCodecArenaKeptBytes)));
}

}  // namespace

Result<Arena> Arena::create(const codec_wire::ArenaLayout& layout) {
  UniqueFd fd(::memfd_create("imgmill-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno(errno, kArenaText, "memfd_create");
  if (::ftruncate(fd.get(), static_cast<off_t>(layout.size())) != 0) {
    return fail_errno(errno, kArenaText, "ftruncate");
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail_errno(errno, kArenaText, "F_ADD_SEALS");
  }
  void* base = ::mmap(nullptr, layout.size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (base == MAP_FAILED) return fail_errno(errno, kArenaText, "mmap");
  return Arena(std::move(fd), static_cast<std::byte*>(base), layout);
}

Arena::Arena(Arena&& other) noexcept
    : fd_(std::move(other.fd_)),
      base_(std::exchange(other.base_, nullptr)),
      layout_(other.layout_) {}

Arena::~Arena() {
  if (base_ != nullptr) ::munmap(base_, layout_.size());
}

std::span<std::byte> Arena::source_area() const { return {base_, layout_.source_bytes}; }

std::span<const std::byte> Arena::reply_area() const {
  return {base_ + layout_.reply_offset(), layout_.reply_bytes};
}

void Arena::trim() {
  give_back(fd_.get(), 0, layout_.source_bytes);
  give_back(fd_.get(), layout_.reply_offset(), layout_.reply_bytes);
}

}  // namespace imgmill
