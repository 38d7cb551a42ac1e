// The container of JPEG: its markers, and which of them a rendition keeps.
#pragma once

#include <optional>

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker {

struct JpegSegment {
  std::uint8_t marker = 0;  // the byte behind 0xff
  Bytes payload;            // behind marker and length
  Bytes whole;              // as it stands, of SOS with the coded data up to the next marker
};

// Walks the segments behind SOI in order; EOI is the last. Ends early where the source does.
class JpegSegments {
 public:
  explicit JpegSegments(Bytes source) : source_(source) {}
  // nullopt behind EOI or at the end of the bytes; broken() tells a malformed source.
  [[nodiscard]] std::optional<JpegSegment> next();
  [[nodiscard]] bool broken() const { return broken_; }
  // Goes on at `at` in the source: for a decoder, which knows better where coded data end.
  void resume(std::size_t at) { at_ = at; }

 private:
  [[nodiscard]] std::size_t end_of_coded_data(std::size_t from) const;

  Bytes source_;
  std::size_t at_ = 2;
  bool broken_ = false;
  bool ended_ = false;
};

inline constexpr std::uint8_t kJpegSof0 = 0xc0;
inline constexpr std::uint8_t kJpegEoi = 0xd9;
inline constexpr std::uint8_t kJpegSos = 0xda;
inline constexpr std::uint8_t kJpegApp0 = 0xe0;
inline constexpr std::uint8_t kJpegApp1 = 0xe1;
inline constexpr std::uint8_t kJpegApp2 = 0xe2;
inline constexpr std::uint8_t kJpegApp14 = 0xee;
inline constexpr std::uint8_t kJpegApp15 = 0xef;
inline constexpr std::uint8_t kJpegComment = 0xfe;

[[nodiscard]] bool is_jpeg_frame_header(std::uint8_t marker);
// Whether there is a scan with one byte of coded data at least.
[[nodiscard]] bool has_jpeg_picture_data(Bytes source);
[[nodiscard]] bool is_jpeg_icc(const JpegSegment& segment);
[[nodiscard]] bool is_jpeg_exif(const JpegSegment& segment);
// Long enough to hold all of their fields.
[[nodiscard]] bool is_jpeg_jfif(const JpegSegment& segment);
[[nodiscard]] bool is_jpeg_adobe(const JpegSegment& segment);

// Whether the ICC profile before the first scan is one that may stay: all parts of it or none do.
[[nodiscard]] bool has_sound_jpeg_icc(Bytes source);

// Before the first scan.
[[nodiscard]] std::optional<JpegSegment> first_jpeg_exif(Bytes source);

// The payload of an APP1 that says the orientation of `exif_segment` and nothing else; empty for
// none.
[[nodiscard]] Buffer jpeg_orientation_payload(const JpegSegment& exif_segment);

}  // namespace imgmill::codec_worker
