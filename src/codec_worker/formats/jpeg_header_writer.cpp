#include "codec_worker/formats/jpeg_header_writer.h"

#include <algorithm>
#include <vector>

#include "codec_worker/formats/jpeg_steps.h"

namespace imgmill::codec_worker {
namespace {

void append_marker(Buffer& out, std::uint32_t marker) {
  append_u8(out, 0xff);
  append_u8(out, marker);
}

void append_segment(Buffer& out, std::uint32_t marker, Bytes payload) {
  append_marker(out, marker);
  append_be16(out, static_cast<std::uint32_t>(payload.size() + 2));
  append(out, payload);
}

void append_jfif(Buffer& out, const JpegDensity& density) {
  Buffer payload;
  append(payload, std::string_view("JFIF\0\1\1", 7));
  append_u8(payload, density.unit);
  append_be16(payload, density.x);
  append_be16(payload, density.y);
  append_be16(payload, 0);  // no thumbnail
  append_segment(out, kJpegApp0, payload);
}

void append_adobe(Buffer& out, std::uint32_t transform) {
  Buffer payload;
  append(payload, std::string_view("Adobe\0\x64\0\0\0\0", 11));
  append_u8(payload, transform);
  append_segment(out, kJpegApp14, payload);
}

void append_colours(Buffer& out, const JpegRenditionHead& head) {
  switch (head.colours) {
    case JpegColours::kGrey:
    case JpegColours::kYcc:
      append_jfif(out, head.density);
      break;
    case JpegColours::kRgb:
      append_adobe(out, 0);
      break;
    case JpegColours::kCmyk:
      if (head.has_adobe) append_adobe(out, 0);
      break;
    case JpegColours::kYcck:
      append_adobe(out, 2);
      break;
  }
}

std::uint32_t id_of(JpegColours colours, int component) {
  constexpr std::string_view kRgbNames = "RGB";
  const auto at = static_cast<std::size_t>(component);
  return colours == JpegColours::kRgb ? static_cast<std::uint32_t>(kRgbNames[at])
                                      : static_cast<std::uint32_t>(component + 1);
}

bool is_wide(const JpegSteps& steps) {
  return std::ranges::any_of(steps, [](auto step) { return step > 255; });
}

void append_steps(Buffer& out, std::size_t table, const JpegSteps& steps) {
  const bool wide = is_wide(steps);
  Buffer payload;
  append_u8(payload, static_cast<std::uint32_t>((wide ? 0x10 : 0) + table));
  for (const std::uint16_t step : steps)
    wide ? append_be16(payload, step) : append_u8(payload, step);
  append_segment(out, 0xdb, payload);
}

void append_codes(Buffer& out, std::uint32_t kind, const JpegHuffmanCodes& codes) {
  Buffer payload;
  append_u8(payload, kind);
  append(payload, std::as_bytes(std::span(codes.counts)));
  append(
      payload,
      std::as_bytes(std::span(codes.symbols).first(static_cast<std::size_t>(codes.symbol_count))));
  append_segment(out, 0xc4, payload);
}

// Appends each different table once; returns which one each component has.
std::array<std::size_t, kJpegComponentsMax> append_all_steps(Buffer& out,
                                                             const JpegRenditionHead& head) {
  std::array<std::size_t, kJpegComponentsMax> which{};
  std::vector<JpegSteps> tables;
  for (std::size_t i = 0; i < static_cast<std::size_t>(head.frame.component_count); ++i) {
    const auto found = std::ranges::find(tables, head.steps[i]);
    which[i] = static_cast<std::size_t>(found - tables.begin());
    if (found != tables.end()) continue;
    append_steps(out, tables.size(), head.steps[i]);
    tables.push_back(head.steps[i]);
  }
  return which;
}

void append_frame(Buffer& out, const JpegRenditionHead& head,
                  const std::array<std::size_t, kJpegComponentsMax>& tables) {
  const JpegFrame& frame = head.frame;
  Buffer payload;
  append_u8(payload, 8);
  append_be16(payload, frame.height);
  append_be16(payload, frame.width);
  append_u8(payload, static_cast<std::uint32_t>(frame.component_count));
  for (int i = 0; i < frame.component_count; ++i) {
    const auto& component = frame.components[static_cast<std::size_t>(i)];
    append_u8(payload, id_of(head.colours, i));
    append_u8(payload, static_cast<std::uint32_t>(component.h << 4 | component.v));
    append_u8(payload, static_cast<std::uint32_t>(tables[static_cast<std::size_t>(i)]));
  }
  const bool wide = std::ranges::any_of(head.steps, is_wide);
  append_segment(out, wide ? kJpegSof0 + 1U : kJpegSof0, payload);
}

void append_scan(Buffer& out, const JpegRenditionHead& head) {
  const int components = head.frame.component_count;
  Buffer payload;
  append_u8(payload, static_cast<std::uint32_t>(components));
  for (int i = 0; i < components; ++i) {
    append_u8(payload, id_of(head.colours, i));
    append_u8(payload, is_jpeg_chroma(head.colours, i) ? 0x11 : 0x00);
  }
  append_u8(payload, 0);
  append_u8(payload, 63);
  append_u8(payload, 0);
  append_segment(out, kJpegSos, payload);
}

}  // namespace

void append_jpeg_head(Buffer& out, const JpegRenditionHead& head, const JpegCodeBook& book) {
  append_marker(out, 0xd8);
  append_colours(out, head);
  append(out, Bytes(head.metadata));
  append_frame(out, head, append_all_steps(out, head));
  append_codes(out, 0x00, book.codes(jpeg_dc_table(false)));
  append_codes(out, 0x10, book.codes(jpeg_ac_table(false)));
  if (is_jpeg_chroma(head.colours, 1)) {
    append_codes(out, 0x01, book.codes(jpeg_dc_table(true)));
    append_codes(out, 0x11, book.codes(jpeg_ac_table(true)));
  }
  append_scan(out, head);
}

void append_jpeg_end(Buffer& out) { append_marker(out, kJpegEoi); }

}  // namespace imgmill::codec_worker
