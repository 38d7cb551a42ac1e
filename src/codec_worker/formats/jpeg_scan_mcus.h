// Decodes a sequential scan: MCUs, restarts, and what becomes of missing data.
#pragma once

#include <optional>
#include <vector>

#include "codec_worker/formats/jpeg_coded_data.h"
#include "codec_worker/formats/jpeg_header.h"
#include "codec_worker/formats/jpeg_mcus.h"

namespace imgmill::codec_worker {

class JpegScanMcus final : public JpegMcus {
 public:
  // nullopt: a table that the scan needs is missing or is none. `coded`: from behind the SOS
  // segment on.
  [[nodiscard]] static std::optional<JpegScanMcus> open(const JpegHeader& header,
                                                        const JpegScan& scan, Bytes coded);

  int next(int most, JpegCoefficient* blocks) override;
  [[nodiscard]] std::unique_ptr<JpegMcus> clone() const override;

  // Goes past MCUs of which nothing will come, up to the next restart; how many they were.
  [[nodiscard]] int pass_lost();

  [[nodiscard]] int blocks_per_mcu() const { return static_cast<int>(coding_.size()); }
  // Whether at least one MCU was decoded from data that are there, or, of a single one, a part.
  [[nodiscard]] bool found_data() const { return decoded_ > 0 || (mcus_ == 1 && !empty_); }
  // How long the coded data were, behind the last MCU.
  [[nodiscard]] std::size_t coded_bytes() { return coded_.end(); }
  // Nothing but zeros will come.
  [[nodiscard]] bool ran_dry() const {
    return coded_.starved() && (restart_interval_ == 0 || coded_.at_end());
  }

 private:
  struct Tables {
    std::array<JpegDcTable, 4> dc;
    std::array<JpegAcTable, 4> ac;
  };

  JpegScanMcus(const JpegHeader& header, Bytes coded)
      : coded_(coded), restart_interval_(header.restart_interval()) {}
  [[nodiscard]] bool build_tables(const JpegHeader& header, const JpegScan& scan);
  void lay_out(const JpegHeader& header, const JpegScan& scan);
  void decode(int mcus, JpegCoefficient* blocks);
  void decode_near_end(int mcus, JpegCoefficient* blocks);

  std::shared_ptr<const Tables> tables_;  // the same for all copies
  std::vector<JpegBlockCoding> coding_;
  JpegCodedData coded_;
  bool empty_ = true;
  JpegPredictions predictions_{};
  int restart_interval_ = 0;
  int to_restart_ = 0;
  std::uint64_t mcus_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t decoded_ = 0;
};

}  // namespace imgmill::codec_worker
