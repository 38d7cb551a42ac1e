// What a codec child answers: the first kMessageBytes are its message, the rest is what stands in
// the arena. The message is tried as it is, and once more with the magic and the job of a true
// reply, so that the checks behind them are reached.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/limits.h"
#include "codec/reply_check.h"
#include "codec/wire.h"

namespace imgmill {
namespace {

constexpr ReplyBounds kBounds{.job = 7, .pixels_max = 1'000'000, .cpu_us_max = 60'000'000};

void require(bool condition) {
  if (!condition) std::abort();
}

void check_outcome(const CodecOutcome& outcome, std::size_t area_bytes) {
  require(outcome.rendition.has_value() != outcome.fault.has_value());
  if (outcome.rendition) {
    require(!outcome.rendition->bytes.empty() && outcome.rendition->bytes.size() <= area_bytes);
    require(static_cast<std::size_t>(outcome.rendition->format) < kFormats.size());
    const std::uint64_t pixels =
        std::uint64_t{outcome.rendition->width} * outcome.rendition->height;
    require(pixels > 0 && pixels <= kBounds.pixels_max);
    require(outcome.rendition->codec_cpu_us <= kBounds.cpu_us_max);
    return;
  }
  require(outcome.fault->message.size() <= limits::kCodecMessageBytesMax);
  require(std::ranges::all_of(outcome.fault->message, [](char c) { return c >= ' ' && c <= '~'; }));
}

void try_reply(std::span<const std::byte> message, std::span<const std::byte> area) {
  static_cast<void>(codec_wire::decode_ready(message));
  if (const auto taken = take_reply(message, area, kBounds)) check_outcome(*taken, area.size());
}

}  // namespace
}  // namespace imgmill

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace imgmill;
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto message = bytes.first(std::min(size, codec_wire::kMessageBytes));
  const auto area = bytes.subspan(message.size());
  try_reply(message, area);
  if (message.size() < codec_wire::kMessageBytes) return 0;
  codec_wire::Message plausible = codec_wire::encode(codec_wire::Reply{.job = kBounds.job});
  std::ranges::copy(message.subspan(8), plausible.begin() + 8);
  try_reply(plausible, area);
  return 0;
}
