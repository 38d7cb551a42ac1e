// A zero byte stands behind each 0xff of coded data, so that none looks like a marker. Taken out
// and put in here, whole vectors at a time (Highway chooses the instructions at run time).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace imgmill::codec_worker {

// The kernels read and write whole vectors: this many bytes behind the end of what they are told
// are written, or must be there to be written.
inline constexpr std::size_t kJpegStuffingSlack = 64;

struct JpegUnstuffed {
  std::size_t read = 0;     // of the source; up to the marker's 0xff when there is one
  std::size_t written = 0;  // at most as many as were read
  bool marker = false;      // or the source ended within an 0xff
};

// Copies coded data without their stuffing until the source ends, `room` bytes are written or a
// marker comes. `to` has `room` + kJpegStuffingSlack bytes.
[[nodiscard]] JpegUnstuffed unstuff_jpeg(std::span<const std::uint8_t> source, std::uint8_t* to,
                                         std::size_t room);

// Copies `source` with a zero behind each 0xff; returns how many bytes that are. `to` has room for
// twice as many and kJpegStuffingSlack.
[[nodiscard]] std::size_t stuff_jpeg(std::span<const std::uint8_t> source, std::uint8_t* to);

}  // namespace imgmill::codec_worker
