// Progressive scans (T.81, G): each adds some coefficients, or one more bit of them, to what the
// scans before have put together. Damaged and missing data become what libjpeg makes of them.
#pragma once

#include <array>
#include <vector>

#include "codec_worker/formats/jpeg_coded_data.h"
#include "codec_worker/formats/jpeg_coefficients.h"
#include "codec_worker/formats/jpeg_header.h"
#include "codec_worker/formats/jpeg_refinement.h"

namespace imgmill::codec_worker {

class JpegProgressiveScan {
 public:
  JpegProgressiveScan(const JpegHeader& header, const JpegScan& scan, Bytes coded,
                      JpegCoefficients& coefficients);

  // False when a table that the scan needs is missing or is none; nothing is decoded then.
  [[nodiscard]] bool build_tables();
  // Decodes the scan to its end or as far as there are data. Whether there were any.
  [[nodiscard]] bool decode();
  // How long the coded data were, behind decode().
  [[nodiscard]] std::size_t coded_bytes() { return coded_.end(); }

 private:
  // A block of an MCU.
  struct Place {
    JpegPlane* plane = nullptr;
    int h = 1;  // blocks of the component in an MCU, across and down
    int v = 1;
    int x = 0;  // which of them
    int y = 0;
    int part = 0;  // of the scan
    int dc_table = 0;
  };

  [[nodiscard]] bool has_details() const { return scan_.first > 0; }
  [[nodiscard]] bool refines() const { return scan_.high > 0; }

  // MCUs side by side, from that at (x, y) on.
  [[nodiscard]] int quiet(int x, int y, int mcus) const;
  void decode_some(int x, int y, int mcus);
  void decode_averages(int x, int y, int mcus);
  void refine_averages(int x, int y, int mcus);
  void decode_details(int x, int y, int mcus);
  void decode_details(JpegBits& bits, JpegCoefficient* block, std::uint64_t& mask);

  void restart();
  [[nodiscard]] bool ran_dry() const;

  const JpegHeader& header_;
  const JpegScan& scan_;
  JpegCodedData coded_;
  std::vector<Place> mcu_;
  int across_ = 0;  // MCUs
  int down_ = 0;
  std::size_t mcu_bytes_max_ = 0;
  std::array<JpegDcTable, 4> dc_{};
  JpegSymbolTable<kJpegAcBits> ac_;
  JpegRefinement refinement_;
  std::array<int, kJpegComponentsMax> predictions_{};
  std::uint32_t end_run_ = 0;  // blocks whose details end here, from the next one on
  bool any_ = false;
};

}  // namespace imgmill::codec_worker
