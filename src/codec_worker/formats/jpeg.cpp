#include "codec_worker/formats/jpeg.h"

#include <algorithm>
#include <utility>

#include "codec_worker/formats/exif.h"
#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_segments.h"
#include "codec_worker/formats/jpeg_transcoder.h"

namespace imgmill::codec_worker {
namespace {

// Bytes of all coefficients, from the component entries of a frame header.
std::uint64_t coefficient_bytes(ByteReader components, std::uint64_t pixels, int count) {
  std::uint64_t largest_h = 1, largest_v = 1, sum = 0;
  for (int i = 0; i < count; ++i) {
    components.skip(1);
    const std::uint32_t factors = components.u8();
    components.skip(1);
    largest_h = std::max<std::uint64_t>(largest_h, factors >> 4);
    largest_v = std::max<std::uint64_t>(largest_v, factors & 15);
    sum += std::uint64_t{factors >> 4} * (factors & 15);
  }
  return count == 1 ? 2 * pixels : 2 * pixels * sum / (largest_h * largest_v);
}

// Whether the scan at hand is of some components only.
bool scan_is_partial(const JpegSegment& scan, int components) {
  return static_cast<int>(ByteReader(scan.payload).u8()) < components;
}

}  // namespace

Outcome<PictureInfo> inspect_jpeg(Bytes source) {
  PictureInfo info;
  std::uint64_t all_coefficients = 0;
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker == kJpegSos) {
      if (info.pixels == 0) break;
      if (scan_is_partial(*segment, info.channels)) info.held_bytes = all_coefficients;
      return info;
    }
    if (!is_jpeg_frame_header(segment->marker) || info.pixels > 0) continue;
    ByteReader reader(segment->payload);
    const std::uint32_t bits = reader.u8();
    info.height = reader.be16();
    info.width = reader.be16();
    if (!reader.ok()) break;
    const std::uint8_t kind = segment->marker & 0x0f;
    const bool huffman_or_arithmetic = kind <= 2 || kind == 9 || kind == 10;
    if (!huffman_or_arithmetic)
      return unsupported("a lossless or hierarchical JPEG is not supported");
    if (bits != 8) return unsupported("a JPEG of more than 8 bits a sample is not supported");
    if (info.width == 0 || info.height == 0) break;
    info.add_frame(info.width, info.height);
    info.channels = static_cast<int>(reader.u8());
    info.ink = info.channels == 4;
    all_coefficients = coefficient_bytes(reader, info.pixels, info.channels);
    const bool progressive = kind == 2 || kind == 10;
    if (progressive) info.held_bytes = all_coefficients;
    if (const auto exif = first_jpeg_exif(source)) info.orientation = orientation_of(exif->payload);
  }
  if (info.pixels > 0) return info;
  return corrupt("the JPEG's header is damaged or missing");
}

Outcome<Coded> compress_jpeg(Bytes source, int quality) {
  // Sequential and progressive Huffman coding, 8 bits: nearly every JPEG there is.
  auto requantised = requantise_jpeg(source, {.quality = quality});
  if (!requantised) return std::unexpected(requantised.error());
  if (requantised->has_value()) {
    return Coded(**std::move(requantised), RenderMethod::kRequantised);
  }
  // Arithmetic coding, and what is odd or broken: libjpeg knows, or says that it does not.
  auto transcoded = transcode_jpeg(source, quality);
  if (!transcoded) return std::unexpected(transcoded.error());
  return Coded(*std::move(transcoded), RenderMethod::kTranscoded);
}

}  // namespace imgmill::codec_worker
