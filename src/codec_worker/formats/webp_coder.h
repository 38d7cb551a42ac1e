// What everything that calls libwebp shares: its settings here, its errors, and what it allocates.
#pragma once

#include <webp/decode.h>
#include <webp/encode.h>

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// A side of a WebP is a 14-bit number.
inline constexpr std::uint32_t kWebpSideMax = WEBP_MAX_DIMENSION;

[[nodiscard]] WebPConfig lossy_webp(int quality);
// `near_lossless`: 100 is exact.
[[nodiscard]] WebPConfig lossless_webp(int near_lossless);

// Throws std::bad_alloc when it was that.
[[nodiscard]] Outcome<void> judge_webp(VP8StatusCode status);

// A coded still picture as a file with its profile; as it is without one.
[[nodiscard]] Buffer with_webp_icc(Bytes coded, Bytes icc, PixelSize size);

[[nodiscard]] std::unexpected<ImageFault> webp_too_large();

// Owns what libwebp allocated for one picture and its coded form.
class WebpCoder {
 public:
  WebpCoder();
  WebpCoder(const WebpCoder&) = delete;
  WebpCoder& operator=(const WebpCoder&) = delete;
  ~WebpCoder();

  [[nodiscard]] WebPPicture& picture() { return picture_; }
  [[nodiscard]] Outcome<void> encode(const WebPConfig& config);
  [[nodiscard]] Bytes coded() const { return std::as_bytes(std::span(writer_.mem, writer_.size)); }

 private:
  WebPPicture picture_{};
  WebPMemoryWriter writer_{};
};

}  // namespace imgmill::codec_worker
