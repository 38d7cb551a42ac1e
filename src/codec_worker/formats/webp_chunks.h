// The container of WebP: RIFF chunks, the extended header's flags, animation frames.
#pragma once

#include <optional>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

struct WebpChunk {
  std::uint32_t type = 0;
  Bytes data;
};

// Walks chunks in order. A last chunk that claims more than there is ends the walk as broken().
class WebpChunks {
 public:
  explicit WebpChunks(Bytes chunks) : reader_(chunks) {}
  [[nodiscard]] std::optional<WebpChunk> next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  ByteReader reader_;
  bool broken_ = false;
};

void append_webp_chunk(Buffer& out, std::uint32_t type, Bytes data);

// The coded data of one frame: VP8L, or VP8 with the alpha plane that may stand in front of it.
struct WebpFrame {
  Bytes alpha;  // data of ALPH; empty for none
  Bytes image;  // data of "VP8 " or VP8L
  bool lossless = false;

  [[nodiscard]] bool has_alpha() const;
  [[nodiscard]] bool empty() const { return image.empty(); }
};

// Takes the frame's data out of chunks that hold it; empty() when they do not.
[[nodiscard]] WebpFrame find_webp_frame(Bytes chunks);
void append_webp_frame(Buffer& out, const WebpFrame& frame);
// Bytes that append_webp_frame() will add.
[[nodiscard]] std::size_t webp_frame_bytes(const WebpFrame& frame);

struct WebpAnimationFrame {
  Bytes header;  // the 16 bytes of place, size, delay, blending
  WebpFrame frame;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

// The data of an ANMF chunk. kCorruptImage.
[[nodiscard]] Outcome<WebpAnimationFrame> parse_webp_animation_frame(Bytes anmf);

// A whole file by its parts. Bytes are views into the source.
struct WebpFile {
  bool extended = false;    // the source has the header that ICC, EXIF, alpha and ANIM ask for
  std::uint32_t width = 0;  // of the canvas
  std::uint32_t height = 0;
  Bytes icc;
  Bytes exif;
  Bytes animation;  // data of ANIM
  std::vector<WebpAnimationFrame> animation_frames;
  WebpFrame still;  // when there is no animation

  [[nodiscard]] bool animated() const { return !animation_frames.empty(); }
};

// kCorruptImage; also when there are more frames than anyone draws.
[[nodiscard]] Outcome<WebpFile> parse_webp(Bytes source);

// The file with its picture, ICC profile and orientation, and nothing else.
[[nodiscard]] Buffer write_webp(const WebpFile& file);

}  // namespace imgmill::codec_worker
