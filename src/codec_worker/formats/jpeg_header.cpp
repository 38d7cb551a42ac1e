#include "codec_worker/formats/jpeg_header.h"

#include <algorithm>

namespace imgmill::codec_worker {
namespace {

constexpr std::uint8_t kDht = 0xc4;
constexpr std::uint8_t kDqt = 0xdb;
constexpr std::uint8_t kDri = 0xdd;
constexpr std::uint8_t kSofProgressive = 0xc2;

int ceil_div(std::uint32_t value, int divisor) {
  return static_cast<int>((value + static_cast<std::uint32_t>(divisor) - 1) /
                          static_cast<std::uint32_t>(divisor));
}

bool is_factor(int value) { return value >= 1 && value <= 4; }

// T.81 gives no meaning to other combinations; libjpeg refuses or guesses.
bool is_sound_progression(const JpegScan& scan) {
  if (scan.last < scan.first || scan.last > 63 || scan.low > 13) return false;
  if (scan.high != 0 && scan.low != scan.high - 1) return false;
  if (scan.first == 0) return scan.last == 0;
  return scan.component_count == 1;
}

}  // namespace

int JpegFrame::h_max() const { return std::ranges::max(components, {}, &JpegComponent::h).h; }

int JpegFrame::v_max() const { return std::ranges::max(components, {}, &JpegComponent::v).v; }

int JpegFrame::mcus_across() const { return ceil_div(width, 8 * h_max()); }
int JpegFrame::mcus_down() const { return ceil_div(height, 8 * v_max()); }

int JpegFrame::blocks_per_mcu() const {
  int blocks = 0;
  for (int i = 0; i < component_count; ++i) {
    const auto& component = components[static_cast<std::size_t>(i)];
    blocks += component.h * component.v;
  }
  return blocks;
}

int JpegFrame::blocks_across(int component) const {
  const auto h = static_cast<std::uint32_t>(components[static_cast<std::size_t>(component)].h);
  return ceil_div(width * h, 8 * h_max());
}

int JpegFrame::blocks_down(int component) const {
  const auto v = static_cast<std::uint32_t>(components[static_cast<std::size_t>(component)].v);
  return ceil_div(height * v, 8 * v_max());
}

bool JpegHeader::take(const JpegSegment& segment) {
  if (is_jpeg_frame_header(segment.marker)) return take_frame(segment.marker, segment.payload);
  switch (segment.marker) {
    case kDqt:
      return take_steps(segment.payload);
    case kDht:
      return take_codes(segment.payload);
    case kDri: {
      ByteReader reader(segment.payload);
      restart_interval_ = static_cast<int>(reader.be16());
      return reader.ok();
    }
    default:
      take_application(segment);
      return segment.marker >= kJpegApp0;
  }
}

bool JpegHeader::take_steps(Bytes payload) {
  ByteReader reader(payload);
  while (!reader.at_end()) {
    const std::uint32_t kind = reader.u8();
    const bool wide = kind >> 4 != 0;
    if (kind >> 4 > 1 || (kind & 15) > 3) return false;
    JpegSteps steps{};
    for (auto& step : steps) {
      step = static_cast<std::uint16_t>(wide ? reader.be16() : reader.u8());
      if (step == 0) return false;
    }
    if (!reader.ok()) return false;
    steps_[kind & 3] = steps;
  }
  return true;
}

bool JpegHeader::take_codes(Bytes payload) {
  ByteReader reader(payload);
  while (!reader.at_end()) {
    const std::uint32_t kind = reader.u8();
    if (kind >> 4 > 1 || (kind & 15) > 3) return false;
    JpegHuffmanCodes codes;
    for (auto& count : codes.counts) {
      count = static_cast<std::uint8_t>(reader.u8());
      codes.symbol_count += count;
    }
    if (codes.symbol_count > 256) return false;
    for (int i = 0; i < codes.symbol_count; ++i) {
      codes.symbols[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(reader.u8());
    }
    if (!reader.ok()) return false;
    codes.defined = true;
    (kind >> 4 == 0 ? dc_codes_ : ac_codes_)[kind & 3] = codes;
  }
  return true;
}

bool JpegHeader::take_frame(std::uint8_t marker, Bytes payload) {
  if (has_frame() || marker > kSofProgressive) return false;
  ByteReader reader(payload);
  const std::uint32_t bits = reader.u8();
  JpegFrame frame;
  frame.progressive = marker == kSofProgressive;
  frame.height = reader.be16();
  frame.width = reader.be16();
  frame.component_count = static_cast<int>(reader.u8());
  const bool known =
      frame.component_count == 1 || frame.component_count == 3 || frame.component_count == 4;
  if (bits != 8 || !known || frame.width == 0 || frame.height == 0) return false;
  for (int i = 0; i < frame.component_count; ++i) {
    auto& component = frame.components[static_cast<std::size_t>(i)];
    component.id = static_cast<int>(reader.u8());
    const std::uint32_t factors = reader.u8();
    component.h = static_cast<int>(factors >> 4);
    component.v = static_cast<int>(factors & 15);
    component.steps = static_cast<int>(reader.u8());
    if (!is_factor(component.h) || !is_factor(component.v) || component.steps > 3) return false;
  }
  if (!reader.ok()) return false;
  // A component alone is never interleaved, so its factors mean nothing.
  if (frame.component_count == 1) frame.components[0].h = frame.components[0].v = 1;
  if (frame.blocks_per_mcu() > kJpegBlocksPerMcuMax) return false;
  frame_ = frame;
  return true;
}

void JpegHeader::take_application(const JpegSegment& segment) {
  ByteReader reader(segment.payload);
  if (is_jpeg_jfif(segment)) {
    reader.skip(7);  // name and version
    jfif_ = true;
    density_.unit = static_cast<std::uint8_t>(reader.u8());
    density_.x = static_cast<std::uint16_t>(reader.be16());
    density_.y = static_cast<std::uint16_t>(reader.be16());
  } else if (is_jpeg_adobe(segment)) {
    reader.skip(11);  // name, version, two flags
    adobe_transform_ = static_cast<int>(reader.u8());
  }
}

// As libjpeg tells them.
JpegColours JpegHeader::colours() const {
  if (frame_.component_count == 1) return JpegColours::kGrey;
  if (frame_.component_count == 4) {
    return adobe_transform_.value_or(0) == 0 ? JpegColours::kCmyk : JpegColours::kYcck;
  }
  if (jfif_) return JpegColours::kYcc;
  if (adobe_transform_) {
    return *adobe_transform_ == 0 ? JpegColours::kRgb : JpegColours::kYcc;
  }
  const auto& ids = frame_.components;
  const bool named = ids[0].id == 'R' && ids[1].id == 'G' && ids[2].id == 'B';
  return named ? JpegColours::kRgb : JpegColours::kYcc;
}

std::optional<JpegScan> JpegHeader::scan_of(const JpegSegment& segment) const {
  ByteReader reader(segment.payload);
  JpegScan scan;
  scan.component_count = static_cast<int>(reader.u8());
  if (!has_frame() || scan.component_count < 1 || scan.component_count > frame_.component_count) {
    return std::nullopt;
  }
  int before = -1;
  for (int i = 0; i < scan.component_count; ++i) {
    auto& part = scan.components[static_cast<std::size_t>(i)];
    const int id = static_cast<int>(reader.u8());
    const std::uint32_t tables = reader.u8();
    const auto& all = frame_.components;
    const auto* found = std::ranges::find(all.begin(), all.begin() + frame_.component_count, id,
                                          &JpegComponent::id);
    part.component = static_cast<int>(found - all.begin());
    // In the frame's order, each once (T.81, B.2.3).
    if (part.component == frame_.component_count || part.component <= before) return std::nullopt;
    before = part.component;
    part.dc_table = static_cast<int>(tables >> 4);
    part.ac_table = static_cast<int>(tables & 15);
    if (part.dc_table > 3 || part.ac_table > 3) return std::nullopt;
  }
  const int first = static_cast<int>(reader.u8());
  const int last = static_cast<int>(reader.u8());
  const std::uint32_t bits = reader.u8();
  if (!reader.ok()) return std::nullopt;
  if (!frame_.progressive) return scan;  // whatever a sequential scan says of these, it has all
  scan.first = first;
  scan.last = last;
  scan.high = static_cast<int>(bits >> 4);
  scan.low = static_cast<int>(bits & 15);
  return is_sound_progression(scan) ? std::optional(scan) : std::nullopt;
}

}  // namespace imgmill::codec_worker
