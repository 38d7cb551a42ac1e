#include "codec_worker/formats/jpeg.h"

#include <utility>

#include "codec_worker/formats/exif.h"
#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_segments.h"
#include "codec_worker/formats/jpeg_transcoder.h"

namespace imgmill::codec_worker {

Outcome<PictureInfo> inspect_jpeg(Bytes source) {
  PictureInfo info;
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker == kJpegSos) break;
    if (!is_jpeg_frame_header(segment->marker)) continue;
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
    if (const auto exif = first_jpeg_exif(source)) info.orientation = orientation_of(exif->payload);
    return info;
  }
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
