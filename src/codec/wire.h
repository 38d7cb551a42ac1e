// The words that parent and codec child exchange over one SOCK_SEQPACKET socket: Hello → Ready,
// then Request → Reply for each image. Every message is kMessageBytes long, little-endian, and
// begins with the magic of its kind; picture bytes travel in the arena, shared memory that both
// have mapped:
//
//   0                        reply_offset()
//   | source bytes …         | rendition's bytes, or a fault's message … |
//
// What the parent reads was written by a process that may be in an attacker's hands: decode() only
// takes the fields apart, reply_check.h judges them. Pure; includes nothing of ours but model/ and
// base/limits.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/image_fault.h"
#include "model/recipe.h"

namespace imgmill::codec_wire {

// The child's descriptors at its start, besides 0, 1 and 2.
inline constexpr int kSocketFd = 3;
inline constexpr int kArenaFd = 4;

// How the child ends when it ends by itself.
inline constexpr int kExitParentGone = 0;  // the socket was closed
inline constexpr int kExitNoMemory = 40;
inline constexpr int kExitSetupFailed = 41;  // a Ready with the failed step was sent before
inline constexpr int kExitBadRequest = 42;   // the parent's bytes make no sense

inline constexpr std::size_t kMessageBytes = 48;
using Message = std::array<std::byte, kMessageBytes>;

struct ArenaLayout {
  std::uint64_t source_bytes = 0;
  std::uint64_t reply_bytes = 0;

  [[nodiscard]] std::uint64_t reply_offset() const { return source_bytes; }
  [[nodiscard]] std::uint64_t size() const { return source_bytes + reply_bytes; }
  bool operator==(const ArenaLayout&) const = default;
};

// Whole pages for a source of that size, and for the reply as much and some slack (a rendition in
// the source's format is not larger than it but for a few re-written headers), or
// limits::kCodecReplyBytes if that is more: a change of format may well be larger.
[[nodiscard]] ArenaLayout layout_for(std::uint64_t source_bytes_max);

struct Hello {
  ArenaLayout arena;
  std::uint64_t memory_bytes_max = 0;  // address space, the arena included
  std::uint32_t cpu_seconds_max = 0;   // in its whole life
  std::uint32_t parent_pid = 0;
  bool confine = true;  // false: no Landlock, no seccomp, no namespace (the operator asked for it)
  bool operator==(const Hello&) const = default;
};

// What a child does before it is ready, so that a failure can be named.
enum class SetupStep : std::uint8_t {
  kNone,
  kDescriptors,
  kArena,
  kLimits,
  kPrivileges,
  kLandlock,
  kSeccomp,
};

struct Ready {
  SetupStep failed_step = SetupStep::kNone;
  std::uint32_t error_number = 0;  // errno of the failed step
  bool network_namespace = false;  // each false when the system does not offer it
  bool landlock = false;
  bool seccomp = false;
  bool operator==(const Ready&) const = default;
};

struct Request {
  std::uint32_t job = 0;  // comes back in the reply
  std::uint32_t quality = 0;
  std::uint64_t source_bytes = 0;
  std::uint64_t pixels_max = 0;
  std::optional<PictureFormat> format;  // of the recipe, as all below
  std::uint32_t max_width = 0;
  std::uint32_t max_height = 0;
  std::uint64_t max_bytes = 0;
  bool operator==(const Request&) const = default;
};

enum class ReplyKind : std::uint8_t { kPicture = 1, kFault = 2 };

struct Reply {
  std::uint32_t job = 0;
  ReplyKind kind = ReplyKind::kFault;
  std::uint8_t code = 0;     // a PictureFormat, or a fault as fault_byte() writes it
  std::uint8_t method = 0;   // a RenderMethod
  std::uint8_t quality = 0;  // as Rendition's
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t cpu_us = 0;
  std::uint64_t bytes = 0;  // of the rendition or of the message, in the arena
  bool operator==(const Reply&) const = default;
};

[[nodiscard]] Message encode(const Hello& hello);
[[nodiscard]] Message encode(const Ready& ready);
[[nodiscard]] Message encode(const Request& request);
[[nodiscard]] Message encode(const Reply& reply);

// nullopt when size, magic or an enumeration is wrong. Numbers are as they came.
[[nodiscard]] std::optional<Hello> decode_hello(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<Ready> decode_ready(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<Request> decode_request(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<Reply> decode_reply(std::span<const std::byte> bytes);

// The faults a decoder may find; nullopt for all others, which only the parent can know of.
[[nodiscard]] std::optional<std::uint8_t> fault_byte(FaultCode code);
[[nodiscard]] std::optional<FaultCode> fault_of_byte(std::uint8_t byte);

}  // namespace imgmill::codec_wire
