#include "codec_worker/formats/jpeg_source.h"

#include <algorithm>

#include "codec_worker/formats/jpeg_progressive.h"
#include "codec_worker/formats/jpeg_requant.h"

namespace imgmill::codec_worker {
namespace {

std::uint64_t blocks_of(const JpegFrame& frame, const JpegScan& scan) {
  const auto product = [](int across, int down) {
    return static_cast<std::uint64_t>(across) * static_cast<std::uint64_t>(down);
  };
  if (scan.component_count == 1) {
    const int only = scan.components[0].component;
    return product(frame.blocks_across(only), frame.blocks_down(only));
  }
  return product(frame.mcus_across(), frame.mcus_down()) *
         static_cast<std::uint64_t>(frame.blocks_per_mcu());
}

void append_segment(Buffer& out, std::uint8_t marker, Bytes payload) {
  append_u8(out, 0xff);
  append_u8(out, marker);
  append_be16(out, static_cast<std::uint32_t>(payload.size() + 2));
  append(out, payload);
}

}  // namespace

std::unique_ptr<JpegSource> JpegSource::open(Bytes source) {
  std::unique_ptr<JpegSource> opened(new JpegSource(source));
  if (!opened->read_head()) return nullptr;
  return opened;
}

Outcome<bool> JpegSource::load() {
  if (!is_all()) return read_scans();
  auto single = JpegScanMcus::open(header_, first_scan_, coded_data(first_segment_));
  if (!single) return false;
  single_ = std::make_unique<JpegScanMcus>(*std::move(single));
  return true;
}

Outcome<bool> JpegSource::skim() {
  skims_ = true;
  auto loaded = load();
  if (!loaded || !*loaded || several_scans()) return loaded;
  JpegMcuRoom room;
  while (!single_->found_data() && !single_->ran_dry()) {
    if (single_->pass_lost() == 0 && single_->next(1, room.blocks.data()) == 0) break;
  }
  reading_ = single_.get();
  return true;
}

bool JpegSource::is_all() const {
  return !frame().progressive && first_scan_.component_count == frame().component_count;
}

Bytes JpegSource::coded_data(const JpegSegment& segment) const {
  constexpr std::size_t kHeadBytes = 4;  // marker and length
  const auto at = static_cast<std::size_t>(segment.whole.data() - bytes_.data());
  return bytes_.subspan(at + kHeadBytes + segment.payload.size());
}

// Up to the first scan.
bool JpegSource::read_head() {
  while (const auto segment = segments_.next()) {
    if (segment->marker != kJpegSos) {
      if (!header_.take(*segment)) return false;
      keep_metadata(*segment);
      continue;
    }
    const auto scan = header_.scan_of(*segment);
    if (!scan) return false;
    first_segment_ = *segment;
    first_scan_ = *scan;
    return keep_steps(*scan);
  }
  return false;
}

void JpegSource::keep_metadata(const JpegSegment& segment) {
  if (is_jpeg_icc(segment)) {
    if (!icc_stays_) icc_stays_ = has_sound_jpeg_icc(bytes_);
    if (*icc_stays_) append_segment(metadata_, kJpegApp2, segment.payload);
  } else if (is_jpeg_exif(segment) && !exif_seen_) {
    exif_seen_ = true;
    const Buffer orientation = jpeg_orientation_payload(segment);
    if (!orientation.empty()) append_segment(metadata_, kJpegApp1, orientation);
  }
}

// Later tables of the same number are for other components.
bool JpegSource::keep_steps(const JpegScan& scan) {
  for (int i = 0; i < scan.component_count; ++i) {
    const auto at =
        static_cast<std::size_t>(scan.components[static_cast<std::size_t>(i)].component);
    if (scanned_[at]) continue;
    const auto& steps = header_.steps(frame().components[at].steps);
    if (!steps) return false;
    steps_[at] = *steps;
    scanned_[at] = true;
  }
  return true;
}

// Whatever is wrong behind the first data ends the picture there. Without any libjpeg says what is
// wrong.
Outcome<bool> JpegSource::read_scans() {
  if (JpegCoefficients::bytes_of(frame()) + bytes_.size() > kJpegStoreBytesMax) {
    return fault(FaultCode::kTooManyPixels,
                 "a progressive JPEG of so many pixels needs more memory than is allowed");
  }
  coefficients_ = std::make_unique<JpegCoefficients>(frame());
  steps_.fill(JpegSteps{});
  for (auto& steps : steps_) steps.fill(1);  // of a component that never comes
  scanned_.fill(false);
  std::optional<JpegSegment> segment = first_segment_;
  for (; segment && segment->marker != kJpegEoi; segment = segments_.next()) {
    if (segment->marker != kJpegSos) {
      if (!header_.take(*segment)) break;
      continue;
    }
    const auto scan = header_.scan_of(*segment);
    if (!scan) break;
    const auto read = read_scan(*scan, *segment);
    if (!read) return std::unexpected(read.error());
    if (!*read) break;
  }
  return found_data_;
}

Outcome<bool> JpegSource::read_scan(const JpegScan& scan, const JpegSegment& segment) {
  visits_ += blocks_of(frame(), scan);
  if (++scans_ > kJpegScansMax || visits_ > kJpegBlockVisitsMax) {
    return corrupt("the JPEG has more scans than a picture can need");
  }
  if (!keep_steps(scan)) return false;
  if (skims_ && found_data_) return true;
  ++scans_decoded_;
  const Bytes coded = coded_data(segment);
  return frame().progressive ? decode_progressive(scan, coded) : decode_sequential(scan, coded);
}

void JpegSource::resume_behind(Bytes coded, std::size_t bytes) {
  segments_.resume(static_cast<std::size_t>(coded.data() - bytes_.data()) + bytes);
}

bool JpegSource::decode_progressive(const JpegScan& scan, Bytes coded) {
  const auto progressive =
      std::make_unique<JpegProgressiveScan>(header_, scan, coded, *coefficients_);
  if (!progressive->build_tables()) return false;
  if (progressive->decode()) found_data_ = true;
  resume_behind(coded, progressive->coded_bytes());
  return true;
}

bool JpegSource::decode_sequential(const JpegScan& scan, Bytes coded) {
  auto mcus = JpegScanMcus::open(header_, scan, coded);
  if (!mcus) return false;
  JpegMcuRoom room;
  for (int mcu = 0; !mcus->ran_dry();) {
    // Nothing is there yet where nothing comes.
    const int lost = mcus->pass_lost();
    mcu += lost;
    if (lost > 0) continue;
    if (mcus->next(1, room.blocks.data()) == 0) break;
    store_mcu(scan, mcu++, room.blocks.data());
  }
  if (mcus->found_data()) found_data_ = true;
  resume_behind(coded, mcus->coded_bytes());
  return true;
}

void JpegSource::store_mcu(const JpegScan& scan, int mcu, const JpegCoefficient* blocks) {
  const bool alone = scan.component_count == 1;
  const int only = scan.components[0].component;
  const int across = alone ? frame().blocks_across(only) : frame().mcus_across();
  for (int i = 0; i < scan.component_count; ++i) {
    const int index = scan.components[static_cast<std::size_t>(i)].component;
    const auto& component = frame().components[static_cast<std::size_t>(index)];
    const int h = alone ? 1 : component.h;
    const int v = alone ? 1 : component.v;
    for (int block = 0; block < h * v; ++block, blocks += kJpegBlockSize) {
      const int x = mcu % across * h + block % h;
      const int y = mcu / across * v + block / h;
      coefficients_->plane(index).set(x, y, blocks);
    }
  }
}

std::unique_ptr<JpegMcus> JpegSource::mcus() {
  if (coefficients_ != nullptr) {
    return std::make_unique<JpegStoredMcus>(frame(), *coefficients_);
  }
  reading_ = single_.get();
  return std::move(single_);
}

bool JpegSource::found_data() const {
  return reading_ != nullptr ? reading_->found_data() : found_data_;
}

}  // namespace imgmill::codec_worker
