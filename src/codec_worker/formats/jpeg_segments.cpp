#include "codec_worker/formats/jpeg_segments.h"

#include "codec_worker/formats/exif.h"
#include "codec_worker/formats/icc.h"
#include "codec_worker/formats/jpeg.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::string_view kExifName("Exif\0\0", 6);
constexpr std::string_view kIccName("ICC_PROFILE\0", 12);
constexpr std::string_view kJfifName("JFIF\0", 5);
constexpr std::string_view kAdobeName("Adobe");

void append_segment(Buffer& out, std::uint8_t marker, Bytes payload) {
  append_u8(out, 0xff);
  append_u8(out, marker);
  append_be16(out, static_cast<std::uint32_t>(payload.size() + 2));
  append(out, payload);
}

// JFIF without the thumbnail it may carry behind its 14 bytes.
void append_jfif(Buffer& out, Bytes payload) {
  Buffer short_jfif(payload.begin(), payload.begin() + 12);
  append_be16(short_jfif, 0);
  append_segment(out, kJpegApp0, short_jfif);
}

bool is_application_or_comment(std::uint8_t marker) {
  return (marker >= kJpegApp0 && marker <= kJpegApp15) || marker == kJpegComment;
}

// Or is no marker: a zero behind 0xff is coded data gone astray.
bool has_no_length(std::uint8_t marker) {
  return marker == 0x00 || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

// Appends what of an application segment may stay. `exif_seen`: the first EXIF block counts.
void append_kept(Buffer& out, const JpegSegment& segment, bool icc_stays, bool& exif_seen) {
  const Bytes payload = segment.payload;
  if (is_jpeg_jfif(segment)) {
    append_jfif(out, payload);
  } else if (is_jpeg_icc(segment)) {
    if (icc_stays) append(out, segment.whole);
  } else if (is_jpeg_adobe(segment)) {
    append_segment(out, kJpegApp14, payload.first(12));
  } else if (is_jpeg_exif(segment) && !exif_seen) {
    exif_seen = true;
    const Buffer orientation = jpeg_orientation_payload(segment);
    if (!orientation.empty()) append_segment(out, kJpegApp1, orientation);
  }
}

}  // namespace

// Coded data may hold 0xff 0x00 and restart markers; anything else behind 0xff ends them.
std::size_t JpegSegments::end_of_coded_data(std::size_t from) const {
  while (from < source_.size()) {
    const void* found = std::memchr(source_.data() + from, 0xff, source_.size() - from);
    if (found == nullptr) return source_.size();
    const auto at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - source_.data());
    if (at + 1 >= source_.size()) return source_.size();
    const auto after = std::to_integer<std::uint8_t>(source_[at + 1]);
    if (after != 0x00 && after != 0xff && (after < 0xd0 || after > 0xd7)) return at;
    from = after == 0xff ? at + 1 : at + 2;
  }
  return source_.size();
}

std::optional<JpegSegment> JpegSegments::next() {
  while (!ended_ && at_ + 2 <= source_.size()) {
    const std::size_t start = at_;
    if (source_[start] != std::byte{0xff}) {
      ++at_;  // stray bytes between segments are skipped, as every decoder does
      continue;
    }
    const auto marker = std::to_integer<std::uint8_t>(source_[start + 1]);
    at_ = start + (marker == 0xff ? 1 : 2);
    if (marker == 0xff || has_no_length(marker)) continue;  // fill byte, or a stray marker
    if (marker == kJpegEoi) {
      ended_ = true;
      return JpegSegment{marker, {}, source_.subspan(start, 2)};
    }
    ByteReader reader(source_.subspan(at_));
    const std::uint32_t length = reader.be16();
    const Bytes payload = reader.take(length < 2 ? 0 : length - 2);
    if (!reader.ok() || length < 2) {
      broken_ = true;
      return std::nullopt;
    }
    at_ += length;
    if (marker == kJpegSos) at_ = end_of_coded_data(at_);
    return JpegSegment{marker, payload, source_.subspan(start, at_ - start)};
  }
  return std::nullopt;
}

bool is_jpeg_frame_header(std::uint8_t marker) {
  return marker >= kJpegSof0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
         marker != 0xcc;
}

bool is_jpeg_icc(const JpegSegment& segment) {
  return segment.marker == kJpegApp2 && reads(segment.payload, kIccName);
}

bool is_jpeg_exif(const JpegSegment& segment) {
  return segment.marker == kJpegApp1 && reads(segment.payload, kExifName);
}

bool is_jpeg_jfif(const JpegSegment& segment) {
  return segment.marker == kJpegApp0 && reads(segment.payload, kJfifName) &&
         segment.payload.size() >= 14;
}

bool is_jpeg_adobe(const JpegSegment& segment) {
  return segment.marker == kJpegApp14 && reads(segment.payload, kAdobeName) &&
         segment.payload.size() >= 12;
}

bool has_sound_jpeg_icc(Bytes source) {
  constexpr std::size_t kPartHeadBytes = 14;  // name, number, count
  Bytes first;
  std::size_t bytes = 0;
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker == kJpegSos) break;
    if (!is_jpeg_icc(*segment) || segment->payload.size() < kPartHeadBytes) continue;
    const Bytes part = segment->payload.subspan(kPartHeadBytes);
    if (segment->payload[kIccName.size()] == std::byte{1}) first = part;
    bytes += part.size();
  }
  return icc_begins_soundly(first, bytes);
}

std::optional<JpegSegment> first_jpeg_exif(Bytes source) {
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker == kJpegSos) break;
    if (is_jpeg_exif(*segment)) return segment;
  }
  return std::nullopt;
}

Buffer jpeg_orientation_payload(const JpegSegment& exif_segment) {
  const Buffer tiff = only_orientation(exif_segment.payload);
  if (tiff.empty()) return {};
  Buffer payload;
  append(payload, kExifName);
  append(payload, tiff);
  return payload;
}

Outcome<Buffer> strip_jpeg(Bytes source) {
  Buffer out;
  out.reserve(source.size());
  append(out, source.first(std::min<std::size_t>(2, source.size())));
  JpegSegments segments(source);
  bool coded = false;
  bool ended = false;
  bool exif_seen = false;
  const bool icc_stays = has_sound_jpeg_icc(source);
  while (const auto segment = segments.next()) {
    coded = coded || segment->marker == kJpegSos;
    ended = segment->marker == kJpegEoi;
    if (is_application_or_comment(segment->marker)) {
      append_kept(out, *segment, icc_stays, exif_seen);
    } else {
      append(out, segment->whole);
    }
  }
  if (!coded) return corrupt("the JPEG ends before its picture data");
  // A decoder may find its way behind such a segment, but which bytes it took is not to be known
  // here.
  if (segments.broken()) return corrupt("a segment of the JPEG is damaged");
  if (ended) return out;
  // Without an end strict decoders refuse what lenient ones show.
  append_u8(out, 0xff);
  append_u8(out, kJpegEoi);
  if (out.size() > source.size()) return corrupt("the JPEG is cut off before its end");
  return out;
}

bool has_jpeg_picture_data(Bytes source) {
  constexpr std::size_t kHeadBytes = 4;  // marker and length
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker != kJpegSos) continue;
    if (segment->whole.size() > kHeadBytes + segment->payload.size()) return true;
  }
  return false;
}

}  // namespace imgmill::codec_worker
