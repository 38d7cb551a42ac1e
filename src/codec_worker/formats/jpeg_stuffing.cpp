#include "codec_worker/formats/jpeg_stuffing.h"

#include <algorithm>

// Highway compiles this file once for each kind of processor; what stands between its two lines is
// what differs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec_worker/formats/jpeg_stuffing.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace imgmill::codec_worker::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::ScalableTag<std::uint8_t>;

// Copies bytes up to the first 0xff or to `count`, whichever comes first; returns how many. Whole
// vectors are read only where they end before `count`.
inline std::size_t copy_to_ff(const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  const Lanes lanes;
  const std::size_t width = hn::Lanes(lanes);
  const auto ff = hn::Set(lanes, 0xff);
  std::size_t at = 0;
  for (; at + width <= count; at += width) {
    const auto bytes = hn::LoadU(lanes, from + at);
    hn::StoreU(bytes, lanes, to + at);
    const auto found = hn::FindFirstTrue(lanes, hn::Eq(bytes, ff));
    if (found >= 0) return at + static_cast<std::size_t>(found);
  }
  for (; at < count && from[at] != 0xff; ++at) to[at] = from[at];
  return at;
}

JpegUnstuffed unstuff(std::span<const std::uint8_t> source, std::uint8_t* to, std::size_t room) {
  JpegUnstuffed done;
  while (true) {
    const std::size_t count = std::min(source.size() - done.read, room - done.written);
    const std::size_t copied = copy_to_ff(source.data() + done.read, count, to + done.written);
    done.read += copied;
    done.written += copied;
    if (copied == count) return done;
    std::size_t after = done.read + 1;
    while (after < source.size() && source[after] == 0xff) ++after;  // fill bytes
    if (after == source.size() || source[after] != 0x00) {
      done.marker = true;
      return done;
    }
    to[done.written++] = 0xff;
    done.read = after + 1;
  }
}

std::size_t stuff(std::span<const std::uint8_t> source, std::uint8_t* to) {
  std::size_t read = 0;
  std::size_t written = 0;
  while (true) {
    const std::size_t count = source.size() - read;
    const std::size_t copied = copy_to_ff(source.data() + read, count, to + written);
    read += copied;
    written += copied;
    if (copied == count) return written;
    to[written++] = 0xff;
    to[written++] = 0x00;
    ++read;
  }
}

}  // namespace imgmill::codec_worker::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace imgmill::codec_worker {

HWY_EXPORT(unstuff);
HWY_EXPORT(stuff);

JpegUnstuffed unstuff_jpeg(std::span<const std::uint8_t> source, std::uint8_t* to,
                           std::size_t room) {
  return HWY_DYNAMIC_DISPATCH(unstuff)(source, to, room);
}

std::size_t stuff_jpeg(std::span<const std::uint8_t> source, std::uint8_t* to) {
  return HWY_DYNAMIC_DISPATCH(stuff)(source, to);
}

}  // namespace imgmill::codec_worker
#endif
