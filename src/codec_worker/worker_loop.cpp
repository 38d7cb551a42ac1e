#include "codec_worker/worker_loop.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "codec/wire.h"
#include "codec_worker/landlock.h"
#include "codec_worker/render.h"
#include "codec_worker/sandbox.h"
#include "codec_worker/seccomp_filter.h"

namespace imgmill::codec_worker {
namespace {

using codec_wire::Hello;
using codec_wire::Message;
using codec_wire::Ready;
using codec_wire::Reply;
using codec_wire::ReplyKind;
using codec_wire::Request;
using codec_wire::SetupStep;

// Empty at the end of the socket.
std::span<const std::byte> receive(Message& message) {
  ssize_t got = 0;
  do {
    got = ::recv(codec_wire::kSocketFd, message.data(), message.size(), 0);
  } while (got < 0 && errno == EINTR);
  return std::span(message).first(got > 0 ? static_cast<std::size_t>(got) : 0);
}

bool send(const Message& message) {
  ssize_t sent = 0;
  do {
    sent = ::send(codec_wire::kSocketFd, message.data(), message.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(message.size());
}

struct MappedArena {
  std::byte* base = nullptr;
  codec_wire::ArenaLayout layout;

  [[nodiscard]] std::span<const std::byte> source(std::uint64_t bytes) const {
    return {base, bytes};
  }
  [[nodiscard]] std::span<std::byte> reply() const {
    return {base + layout.reply_offset(), layout.reply_bytes};
  }
};

Setup map_arena(const codec_wire::ArenaLayout& layout, MappedArena& arena) {
  struct stat info{};
  if (::fstat(codec_wire::kArenaFd, &info) != 0) {
    return std::unexpected(SetupFailure{SetupStep::kArena, errno});
  }
  if (static_cast<std::uint64_t>(info.st_size) != layout.size()) {
    return std::unexpected(SetupFailure{SetupStep::kArena, EINVAL});
  }
  void* base =
      ::mmap(nullptr, layout.size(), PROT_READ | PROT_WRITE, MAP_SHARED, codec_wire::kArenaFd, 0);
  if (base == MAP_FAILED) return std::unexpected(SetupFailure{SetupStep::kArena, errno});
  ::close(codec_wire::kArenaFd);
  arena = {.base = static_cast<std::byte*>(base), .layout = layout};
  return {};
}

// Landlock and seccomp come last: warm_up() opens the files of its libraries. Memory is limited
// from the start, so that the libraries' own share counts.
Setup build_sandbox(const Hello& hello, Ready& ready, MappedArena& arena) {
  if (auto done = close_descriptors(); !done) return done;
  if (auto done = limit_resources(hello.memory_bytes_max, hello.cpu_seconds_max); !done)
    return done;
  if (auto done = map_arena(hello.arena, arena); !done) return done;
  if (hello.confine) ready.network_namespace = leave_network();
  if (auto done = give_up_privileges(); !done) return done;
  warm_up();
  if (!hello.confine) return {};
  const auto landlock = deny_by_landlock();
  if (!landlock) return std::unexpected(SetupFailure{SetupStep::kLandlock, landlock.error()});
  ready.landlock = *landlock;
  if (auto done = forbid_descriptors(); !done) return done;
  const auto filtered = filter_system_calls();
  if (!filtered) return std::unexpected(SetupFailure{SetupStep::kSeccomp, filtered.error()});
  ready.seccomp = true;
  return {};
}

std::int64_t cpu_now_us() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
}

Reply fault_reply(FaultCode code, std::string_view message, std::span<std::byte> out) {
  const std::size_t bytes = std::min(message.size(), limits::kCodecMessageBytesMax);
  std::memcpy(out.data(), message.data(), bytes);
  // A fault that is not for a decoder to find is a slip of ours; the image is at fault anyhow.
  const std::uint8_t damaged = *codec_wire::fault_byte(FaultCode::kCorruptImage);
  return {.kind = ReplyKind::kFault,
          .code = codec_wire::fault_byte(code).value_or(damaged),
          .bytes = bytes};
}

// Of the source's own picture data it is another's.
std::uint8_t told_quality(const Picture& picture) {
  const bool kept = picture.method == RenderMethod::kSourceKept;
  return kept ? 0 : static_cast<std::uint8_t>(picture.quality);
}

Reply picture_reply(const Picture& picture, std::span<std::byte> out) {
  if (picture.bytes.size() > out.size()) {
    return fault_reply(FaultCode::kTooLarge, "the compressed image is larger than is allowed", out);
  }
  std::ranges::copy(picture.bytes, out.begin());
  return {.kind = ReplyKind::kPicture,
          .code = static_cast<std::uint8_t>(picture.format),
          .method = static_cast<std::uint8_t>(picture.method),
          .quality = told_quality(picture),
          .width = picture.width,
          .height = picture.height,
          .bytes = picture.bytes.size()};
}

Recipe recipe_of(const Request& request) {
  return {.quality = static_cast<int>(request.quality),
          .format = request.format,
          .max_width = request.max_width,
          .max_height = request.max_height,
          .max_bytes = request.max_bytes};
}

Reply answer(const Request& request, const MappedArena& arena) {
  const std::int64_t began_us = cpu_now_us();
  const RenderResult result = render(arena.source(request.source_bytes), recipe_of(request),
                                     {.pixels_max = request.pixels_max});
  Reply reply = result ? picture_reply(*result, arena.reply())
                       : fault_reply(result.error().code, result.error().message, arena.reply());
  reply.job = request.job;
  reply.cpu_us =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(cpu_now_us() - began_us, 0, UINT32_MAX));
  return reply;
}

int serve(const MappedArena& arena) {
  Message message;
  while (true) {
    const auto bytes = receive(message);
    if (bytes.empty()) return codec_wire::kExitParentGone;
    const auto request = codec_wire::decode_request(bytes);
    if (!request || request->source_bytes > arena.layout.source_bytes) {
      return codec_wire::kExitBadRequest;
    }
    if (!send(codec_wire::encode(answer(*request, arena)))) return codec_wire::kExitParentGone;
  }
}

int begin_and_serve() {
  Message message;
  const auto hello = codec_wire::decode_hello(receive(message));
  if (!hello) return codec_wire::kExitBadRequest;
  if (!die_with_parent(hello->parent_pid)) return codec_wire::kExitParentGone;
  Ready ready;
  MappedArena arena;
  if (const auto built = build_sandbox(*hello, ready, arena); !built) {
    ready.failed_step = built.error().step;
    ready.error_number = static_cast<std::uint32_t>(built.error().error_number);
    static_cast<void>(send(codec_wire::encode(ready)));
    return codec_wire::kExitSetupFailed;
  }
  if (!send(codec_wire::encode(ready))) return codec_wire::kExitParentGone;
  return serve(arena);
}

}  // namespace

int run_worker() {
  // One heap for all threads: a second one would reserve 64 MiB of the address space.
  ::mallopt(M_ARENA_MAX, 1);
  try {
    return begin_and_serve();
  } catch (const std::bad_alloc&) {
    return codec_wire::kExitNoMemory;
  }
}

}  // namespace imgmill::codec_worker
