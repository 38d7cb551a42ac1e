// The coded data of one scan without stuffing, a window at a time, and what to do at restart
// markers and where data are missing: the same as libjpeg, so that a damaged JPEG looks as it does
// everywhere. A copy goes on from the same place for itself.
#pragma once

#include <cstddef>
#include <vector>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/jpeg_block_decoder.h"

namespace imgmill::codec_worker {

class JpegCodedData {
 public:
  // `coded` begins behind the SOS segment and may go on behind the scan.
  explicit JpegCodedData(Bytes coded);
  JpegCodedData(const JpegCodedData& other);
  JpegCodedData& operator=(const JpegCodedData& other) = delete;

  [[nodiscard]] JpegBits& bits() { return bits_; }

  // Whether there is not one byte of coded data; to be asked at the beginning.
  [[nodiscard]] bool empty();
  // Whether the next `bytes` bytes are all coded data: then `bits` may take them unasked. `bytes`
  // is at most kBytesAtOnceMax.
  [[nodiscard]] bool holds(std::size_t bytes);
  // How many that are known; looks for more when there are less than `wanted`, of at most
  // kBytesAtOnceMax.
  [[nodiscard]] std::size_t ahead(std::size_t wanted);
  static constexpr std::size_t kBytesAtOnceMax =
      kJpegMcusAtOnce * kJpegBlocksPerMcuMax * kJpegBlockBytesMax;

  // Behind an MCU that holds() did not vouch for: whether it took bits that are not there. They
  // read as zeros, as far as one MCU may reach.
  [[nodiscard]] bool overrun() const;
  // What is left of this segment of the scan, up to the next restart, is lost.
  void mark_starved() { starved_ = true; }
  [[nodiscard]] bool starved() const { return starved_; }
  // starved, and no restart marker can change that.
  [[nodiscard]] bool at_end() const;

  // Where the next marker stands, behind the last MCU.
  [[nodiscard]] std::size_t end();

  // Goes on behind the restart marker that is due, if it or one near it stands there.
  void restart();

 private:
  void top_up();
  void skip_to_marker();
  [[nodiscard]] int marker() const;
  void begin_segment(std::size_t source_at);

  Bytes source_;
  std::size_t source_at_ = 0;  // up to here it is in the window
  bool at_marker_ = false;     // at the end of the source as well
  bool starved_ = false;
  int next_restart_ = 0;
  std::vector<std::uint8_t> window_;
  std::size_t end_ = 0;  // of the coded data in the window; zeros behind it
  JpegBits bits_;
};

}  // namespace imgmill::codec_worker
