// Progressive scans (T.81, G): each adds some coefficients, or one more bit of them, to what the
// scans before have put together. Damaged and missing data become what libjpeg makes of them.
#pragma once

#include <array>

#include "codec_worker/formats/jpeg_coded_data.h"
#include "codec_worker/formats/jpeg_coefficients.h"
#include "codec_worker/formats/jpeg_header.h"

namespace imgmill::codec_worker {

class JpegProgressiveScan {
 public:
  JpegProgressiveScan(const JpegHeader& header, const JpegScan& scan, Bytes coded,
                      JpegCoefficients& coefficients)
      : header_(header), scan_(scan), coefficients_(coefficients), coded_(coded) {}

  // False when a table that the scan needs is missing or is none; nothing is decoded then.
  [[nodiscard]] bool build_tables();
  // Decodes the scan to its end or as far as there are data. Whether there were any.
  [[nodiscard]] bool decode();
  // How long the coded data were, behind decode().
  [[nodiscard]] std::size_t coded_bytes() { return coded_.end(); }

 private:
  void decode_averages();
  void decode_average(JpegPlane& plane, int x, int y, const JpegScanComponent& part);
  void decode_details();
  void first_details(JpegCoefficient* block, std::uint64_t& mask);
  void refine_details(JpegCoefficient* block, std::uint64_t& mask);
  int refine_to_run(JpegBits& outside, JpegCoefficient* block, std::uint64_t& mask);
  void take_end_run(JpegBits& bits, int size_bits);

  // Before and behind an MCU of `blocks` blocks. Nothing is to be decoded when ready() is false.
  [[nodiscard]] bool ready(std::size_t blocks);
  void settle();
  [[nodiscard]] bool ran_dry() const;

  const JpegHeader& header_;
  const JpegScan& scan_;
  JpegCoefficients& coefficients_;
  JpegCodedData coded_;
  std::array<JpegDcTable, 4> dc_{};
  JpegSymbolTable<kJpegAcBits> ac_;
  std::array<int, kJpegComponentsMax> predictions_{};
  std::uint32_t end_run_ = 0;  // blocks whose details end here, this one included
  int to_restart_ = 0;
  bool vouched_ = false;
  bool any_ = false;
};

}  // namespace imgmill::codec_worker
