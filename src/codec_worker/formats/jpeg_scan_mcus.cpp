#include "codec_worker/formats/jpeg_scan_mcus.h"

#include <algorithm>

namespace imgmill::codec_worker {

std::optional<JpegScanMcus> JpegScanMcus::open(const JpegHeader& header, const JpegScan& scan,
                                               Bytes coded) {
  JpegScanMcus mcus(header, coded);
  if (!mcus.build_tables(header, scan)) return std::nullopt;
  mcus.lay_out(header, scan);
  mcus.to_restart_ = mcus.restart_interval_;
  mcus.empty_ = mcus.coded_.empty();
  return mcus;
}

bool JpegScanMcus::build_tables(const JpegHeader& header, const JpegScan& scan) {
  auto tables = std::make_shared<Tables>();
  unsigned dc_built = 0;
  unsigned ac_built = 0;
  for (int i = 0; i < scan.component_count; ++i) {
    const auto& part = scan.components[static_cast<std::size_t>(i)];
    const JpegHuffmanCodes& dc = header.dc_codes(part.dc_table);
    if ((dc_built & 1U << part.dc_table) == 0) {
      auto& table = tables->dc[static_cast<std::size_t>(part.dc_table)];
      if (!are_jpeg_dc_codes(dc) || !table.build(dc)) return false;
    }
    if ((ac_built & 1U << part.ac_table) == 0) {
      auto& table = tables->ac[static_cast<std::size_t>(part.ac_table)];
      if (!table.build(header.ac_codes(part.ac_table))) return false;
    }
    dc_built |= 1U << part.dc_table;
    ac_built |= 1U << part.ac_table;
  }
  tables_ = std::move(tables);
  return true;
}

void JpegScanMcus::lay_out(const JpegHeader& header, const JpegScan& scan) {
  const JpegFrame& frame = header.frame();
  const bool alone = scan.component_count == 1;
  for (int i = 0; i < scan.component_count; ++i) {
    const auto& part = scan.components[static_cast<std::size_t>(i)];
    const JpegComponent& component = frame.components[static_cast<std::size_t>(part.component)];
    const int blocks = alone ? 1 : component.h * component.v;
    const JpegBlockCoding coding{.component = part.component,
                                 .dc = &tables_->dc[static_cast<std::size_t>(part.dc_table)],
                                 .ac = &tables_->ac[static_cast<std::size_t>(part.ac_table)]};
    coding_.insert(coding_.end(), static_cast<std::size_t>(blocks), coding);
  }
  const int only = scan.components[0].component;
  const int across = alone ? frame.blocks_across(only) : frame.mcus_across();
  const int down = alone ? frame.blocks_down(only) : frame.mcus_down();
  mcus_ = static_cast<std::uint64_t>(across) * static_cast<std::uint64_t>(down);
  left_ = mcus_;
}

std::unique_ptr<JpegMcus> JpegScanMcus::clone() const {
  return std::make_unique<JpegScanMcus>(*this);
}

int JpegScanMcus::next(int most, JpegCoefficient* blocks) {
  if (restart_interval_ != 0 && to_restart_ == 0 && left_ > 0) {
    coded_.restart();
    predictions_.fill(0);
    to_restart_ = restart_interval_;
  }
  auto mcus = static_cast<int>(std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(most)));
  if (restart_interval_ != 0) {
    mcus = std::min(mcus, to_restart_);
    to_restart_ -= mcus;
  }
  left_ -= static_cast<std::uint64_t>(mcus);
  decode(mcus, blocks);
  return mcus;
}

int JpegScanMcus::pass_lost() {
  if (!coded_.starved() || restart_interval_ == 0) return 0;
  const auto lost = static_cast<int>(std::min<std::uint64_t>(left_, to_restart_));
  to_restart_ -= lost;
  left_ -= static_cast<std::uint64_t>(lost);
  return lost;
}

void JpegScanMcus::decode(int mcus, JpegCoefficient* blocks) {
  const std::size_t bytes_max =
      static_cast<std::size_t>(mcus) * coding_.size() * kJpegBlockBytesMax;
  if (coded_.starved() || !coded_.holds(bytes_max)) {
    decode_near_end(mcus, blocks);
    return;
  }
  decode_jpeg_mcus(coded_.bits(), coding_, mcus, predictions_, blocks);
  decoded_ += static_cast<std::uint64_t>(mcus);
}

// The MCU in which the data end is decoded with zeros for the missing bits; those behind it are
// grey.
void JpegScanMcus::decode_near_end(int mcus, JpegCoefficient* blocks) {
  const std::size_t size = coding_.size() * kJpegBlockSize;
  for (int mcu = 0; mcu < mcus; ++mcu, blocks += size) {
    if (coded_.starved()) {
      std::fill_n(blocks, size, JpegCoefficient{0});
      continue;
    }
    decode_jpeg_mcus(coded_.bits(), coding_, 1, predictions_, blocks);
    if (coded_.overrun()) {
      coded_.mark_starved();
    } else {
      ++decoded_;
    }
  }
}

}  // namespace imgmill::codec_worker
