#include "codec/wire.h"

#include <algorithm>
#include <concepts>

#include "base/limits.h"

namespace imgmill::codec_wire {
namespace {

constexpr std::uint32_t kHelloMagic = 0x31484d49;    // "IMH1"
constexpr std::uint32_t kReadyMagic = 0x31524d49;    // "IMR1"
constexpr std::uint32_t kRequestMagic = 0x31514d49;  // "IMQ1"
constexpr std::uint32_t kReplyMagic = 0x31414d49;    // "IMA1"

constexpr std::uint64_t kPageBytes = 64 << 10;  // a multiple of every page size in use
constexpr std::uint64_t kReplySlackBytes = 1 << 20;
constexpr std::uint8_t kKeepFormat = 0xff;

// The position is the byte on the wire, less one: append only.
constexpr std::array kDecoderFaults{
    FaultCode::kNotAnImage,   FaultCode::kUnsupportedFormat, FaultCode::kTooManyPixels,
    FaultCode::kCorruptImage, FaultCode::kTooLarge,          FaultCode::kEmptyBody,
    FaultCode::kDoesNotFit,
};

class Writer {
 public:
  explicit Writer(std::uint32_t magic) { put(magic); }

  template <std::unsigned_integral T>
  Writer& put(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      message_[at_++] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
    }
    return *this;
  }
  [[nodiscard]] Message take() const { return message_; }

 private:
  Message message_{};
  std::size_t at_ = 0;
};

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::uint32_t magic) : bytes_(bytes) {
    good_ = bytes.size() == kMessageBytes && get<std::uint32_t>() == magic;
  }

  template <std::unsigned_integral T>
  T get() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value |= std::to_integer<std::uint64_t>(bytes_[at_++]) << (8 * i);
    }
    return static_cast<T>(value);
  }
  [[nodiscard]] bool flag() { return get<std::uint8_t>() != 0; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  bool good_ = false;
};

std::uint8_t byte_of(bool flag) { return flag ? 1 : 0; }

}  // namespace

ArenaLayout layout_for(std::uint64_t source_bytes_max) {
  const std::uint64_t pages = (source_bytes_max + kPageBytes - 1) / kPageBytes * kPageBytes;
  return {.source_bytes = pages,
          .reply_bytes = std::max(pages + kReplySlackBytes, limits::kCodecReplyBytes)};
}

Message encode(const Hello& hello) {
  return Writer(kHelloMagic)
      .put(hello.cpu_seconds_max)
      .put(hello.arena.source_bytes)
      .put(hello.arena.reply_bytes)
      .put(hello.memory_bytes_max)
      .put(hello.parent_pid)
      .put(byte_of(hello.confine))
      .take();
}

Message encode(const Ready& ready) {
  return Writer(kReadyMagic)
      .put(ready.error_number)
      .put(static_cast<std::uint8_t>(ready.failed_step))
      .put(byte_of(ready.network_namespace))
      .put(byte_of(ready.landlock))
      .put(byte_of(ready.seccomp))
      .take();
}

Message encode(const Request& request) {
  return Writer(kRequestMagic)
      .put(request.job)
      .put(request.source_bytes)
      .put(request.pixels_max)
      .put(request.quality)
      .put(request.max_width)
      .put(request.max_height)
      .put(request.max_bytes)
      .put(request.format ? static_cast<std::uint8_t>(*request.format) : kKeepFormat)
      .take();
}

Message encode(const Reply& reply) {
  return Writer(kReplyMagic)
      .put(reply.job)
      .put(reply.bytes)
      .put(reply.width)
      .put(reply.height)
      .put(reply.cpu_us)
      .put(static_cast<std::uint8_t>(reply.kind))
      .put(reply.code)
      .put(reply.method)
      .put(reply.quality)
      .take();
}

std::optional<Hello> decode_hello(std::span<const std::byte> bytes) {
  Reader in(bytes, kHelloMagic);
  if (!in.good()) return std::nullopt;
  Hello hello;
  hello.cpu_seconds_max = in.get<std::uint32_t>();
  hello.arena.source_bytes = in.get<std::uint64_t>();
  hello.arena.reply_bytes = in.get<std::uint64_t>();
  hello.memory_bytes_max = in.get<std::uint64_t>();
  hello.parent_pid = in.get<std::uint32_t>();
  hello.confine = in.flag();
  return hello;
}

std::optional<Ready> decode_ready(std::span<const std::byte> bytes) {
  Reader in(bytes, kReadyMagic);
  if (!in.good()) return std::nullopt;
  Ready ready;
  ready.error_number = in.get<std::uint32_t>();
  const auto step = in.get<std::uint8_t>();
  if (step > static_cast<std::uint8_t>(SetupStep::kSeccomp)) return std::nullopt;
  ready.failed_step = static_cast<SetupStep>(step);
  ready.network_namespace = in.flag();
  ready.landlock = in.flag();
  ready.seccomp = in.flag();
  return ready;
}

std::optional<Request> decode_request(std::span<const std::byte> bytes) {
  Reader in(bytes, kRequestMagic);
  if (!in.good()) return std::nullopt;
  Request request;
  request.job = in.get<std::uint32_t>();
  request.source_bytes = in.get<std::uint64_t>();
  request.pixels_max = in.get<std::uint64_t>();
  request.quality = in.get<std::uint32_t>();
  request.max_width = in.get<std::uint32_t>();
  request.max_height = in.get<std::uint32_t>();
  request.max_bytes = in.get<std::uint64_t>();
  const auto format = in.get<std::uint8_t>();
  if (format == kKeepFormat) return request;
  if (format >= kFormats.size()) return std::nullopt;
  request.format = static_cast<PictureFormat>(format);
  return request;
}

std::optional<Reply> decode_reply(std::span<const std::byte> bytes) {
  Reader in(bytes, kReplyMagic);
  if (!in.good()) return std::nullopt;
  Reply reply;
  reply.job = in.get<std::uint32_t>();
  reply.bytes = in.get<std::uint64_t>();
  reply.width = in.get<std::uint32_t>();
  reply.height = in.get<std::uint32_t>();
  reply.cpu_us = in.get<std::uint32_t>();
  const auto kind = in.get<std::uint8_t>();
  if (kind != static_cast<std::uint8_t>(ReplyKind::kPicture) &&
      kind != static_cast<std::uint8_t>(ReplyKind::kFault)) {
    return std::nullopt;
  }
  reply.kind = static_cast<ReplyKind>(kind);
  reply.code = in.get<std::uint8_t>();
  reply.method = in.get<std::uint8_t>();
  reply.quality = in.get<std::uint8_t>();
  return reply;
}

std::optional<std::uint8_t> fault_byte(FaultCode code) {
  const auto found = std::ranges::find(kDecoderFaults, code);
  if (found == kDecoderFaults.end()) return std::nullopt;
  return static_cast<std::uint8_t>(found - kDecoderFaults.begin() + 1);
}

std::optional<FaultCode> fault_of_byte(std::uint8_t byte) {
  if (byte == 0 || byte > kDecoderFaults.size()) return std::nullopt;
  return kDecoderFaults[byte - 1u];
}

}  // namespace imgmill::codec_wire
