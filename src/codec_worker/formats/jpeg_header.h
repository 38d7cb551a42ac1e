// What the headers of a JPEG say, as far as the requantiser takes it: Huffman coded, 8 bits a
// sample, sequential or progressive, one to four components. A false or nullopt here means "not for
// the requantiser", not "broken": libjpeg has the last word on those.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "codec_worker/formats/jpeg_block.h"
#include "codec_worker/formats/jpeg_segments.h"

namespace imgmill::codec_worker {

// A Huffman table as DHT gives it: how many codes of 1 to 16 bits, and what they mean, in order.
struct JpegHuffmanCodes {
  std::array<std::uint8_t, 16> counts{};
  std::array<std::uint8_t, 256> symbols{};
  int symbol_count = 0;
  bool defined = false;
};

struct JpegComponent {
  int id = 0;
  int h = 1;  // blocks of an MCU, across and down
  int v = 1;
  int steps = 0;  // which of the quantisation tables
};

enum class JpegColours : std::uint8_t { kGrey, kYcc, kRgb, kCmyk, kYcck };

struct JpegFrame {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool progressive = false;
  int component_count = 0;
  std::array<JpegComponent, kJpegComponentsMax> components{};

  [[nodiscard]] int h_max() const;
  [[nodiscard]] int v_max() const;
  // Of scans with several components.
  [[nodiscard]] int mcus_across() const;
  [[nodiscard]] int mcus_down() const;
  [[nodiscard]] int blocks_per_mcu() const;
  // Of scans with this component alone: blocks that hold a part of the picture.
  [[nodiscard]] int blocks_across(int component) const;
  [[nodiscard]] int blocks_down(int component) const;
  // Without the subsampling of a component: every component has one block in an MCU.
  [[nodiscard]] bool full_chroma() const { return h_max() == 1 && v_max() == 1; }
};

struct JpegDensity {
  std::uint8_t unit = 0;  // of JFIF: none, inch, centimetre
  std::uint16_t x = 1;
  std::uint16_t y = 1;
};

struct JpegScanComponent {
  int component = 0;  // its place in the frame
  int dc_table = 0;
  int ac_table = 0;
};

struct JpegScan {
  int component_count = 0;
  std::array<JpegScanComponent, kJpegComponentsMax> components{};
  // Of progressive scans: which coefficients, and which bits of them.
  int first = 0;
  int last = 63;
  int high = 0;  // the bit that an earlier scan ended with; 0 for a first scan
  int low = 0;
};

// Tables and frame, as they stand when the segments so far have been taken.
class JpegHeader {
 public:
  // A segment of no meaning for decoding is taken too. `false` leaves the header as it was or with
  // a part of the segment's tables.
  [[nodiscard]] bool take(const JpegSegment& segment);
  // The scan that a SOS segment opens.
  [[nodiscard]] std::optional<JpegScan> scan_of(const JpegSegment& segment) const;

  [[nodiscard]] bool has_frame() const { return frame_.component_count > 0; }
  [[nodiscard]] const JpegFrame& frame() const { return frame_; }
  [[nodiscard]] JpegColours colours() const;
  // Whether Adobe's segment told the colours; CMYK is stored inverted then.
  [[nodiscard]] bool has_adobe() const { return adobe_transform_.has_value(); }
  [[nodiscard]] JpegDensity density() const { return density_; }
  [[nodiscard]] int restart_interval() const { return restart_interval_; }
  [[nodiscard]] const std::optional<JpegSteps>& steps(int table) const {
    return steps_[static_cast<std::size_t>(table)];
  }
  [[nodiscard]] const JpegHuffmanCodes& dc_codes(int table) const {
    return dc_codes_[static_cast<std::size_t>(table)];
  }
  [[nodiscard]] const JpegHuffmanCodes& ac_codes(int table) const {
    return ac_codes_[static_cast<std::size_t>(table)];
  }

 private:
  bool take_steps(Bytes payload);
  bool take_codes(Bytes payload);
  bool take_frame(std::uint8_t marker, Bytes payload);
  void take_application(const JpegSegment& segment);

  JpegFrame frame_;
  JpegDensity density_;
  bool jfif_ = false;
  std::optional<int> adobe_transform_;
  int restart_interval_ = 0;
  std::array<std::optional<JpegSteps>, 4> steps_{};
  std::array<JpegHuffmanCodes, 4> dc_codes_{};
  std::array<JpegHuffmanCodes, 4> ac_codes_{};
};

}  // namespace imgmill::codec_worker
