// A JPEG that the requantiser takes: its headers, and its coefficients.
#pragma once

#include <array>
#include <memory>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/jpeg_coefficients.h"
#include "codec_worker/formats/jpeg_header.h"
#include "codec_worker/formats/jpeg_scan_mcus.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

class JpegSource {
 public:
  // Reads the headers up to the first scan. nullptr: not for the requantiser. `source` outlives it.
  [[nodiscard]] static std::unique_ptr<JpegSource> open(Bytes source);

  // Makes mcus() ready: decodes several scans, while a scan that holds all is left for mcus(). To
  // be called once. False: not for the requantiser. kTooManyPixels, kCorruptImage: see
  // requantise_jpeg().
  [[nodiscard]] Outcome<bool> load();
  // Instead of load(), for what need not be decoded: says the same, but looks no further than to
  // the first picture data, and found_data() may be asked at once.
  [[nodiscard]] Outcome<bool> skim();

  [[nodiscard]] const JpegHeader& header() const { return header_; }
  [[nodiscard]] const JpegFrame& frame() const { return header_.frame(); }
  // ICC profile and orientation, as the segments of a rendition.
  [[nodiscard]] const Buffer& metadata() const { return metadata_; }
  // Of each component, as its first scan found them.
  [[nodiscard]] const std::array<JpegSteps, kJpegComponentsMax>& steps() const { return steps_; }
  [[nodiscard]] bool several_scans() const { return coefficients_ != nullptr; }
  // How many of them were decoded.
  [[nodiscard]] int scans_decoded() const { return scans_decoded_; }

  // In the order of the picture; to be called once. This object outlives them.
  [[nodiscard]] std::unique_ptr<JpegMcus> mcus();
  // Whether picture data were found, behind the last of the MCUs.
  [[nodiscard]] bool found_data() const;

 private:
  explicit JpegSource(Bytes source) : bytes_(source), segments_(source) {}

  [[nodiscard]] bool read_head();
  [[nodiscard]] Outcome<bool> read_scans();
  [[nodiscard]] Outcome<bool> read_scan(const JpegScan& scan, const JpegSegment& segment);
  [[nodiscard]] bool decode_progressive(const JpegScan& scan, Bytes coded);
  [[nodiscard]] bool decode_sequential(const JpegScan& scan, Bytes coded);
  void store_mcu(const JpegScan& scan, int mcu, const JpegCoefficient* blocks);
  void keep_metadata(const JpegSegment& segment);
  [[nodiscard]] bool keep_steps(const JpegScan& scan);
  [[nodiscard]] bool is_all() const;
  void resume_behind(Bytes coded, std::size_t bytes);
  [[nodiscard]] Bytes coded_data(const JpegSegment& segment) const;

  Bytes bytes_;
  JpegSegments segments_;
  JpegHeader header_;
  Buffer metadata_;
  bool exif_seen_ = false;
  std::optional<bool> icc_stays_;  // told from all of its parts
  std::array<JpegSteps, kJpegComponentsMax> steps_{};
  std::array<bool, kJpegComponentsMax> scanned_{};
  JpegSegment first_segment_;  // SOS
  JpegScan first_scan_;
  std::unique_ptr<JpegScanMcus> single_;
  const JpegScanMcus* reading_ = nullptr;  // what single_ was
  std::unique_ptr<JpegCoefficients> coefficients_;
  bool skims_ = false;
  bool found_data_ = false;
  int scans_ = 0;
  int scans_decoded_ = 0;
  std::uint64_t visits_ = 0;
};

}  // namespace imgmill::codec_worker
