#include "codec_worker/formats/webp_coder.h"

#include <cstdlib>
#include <new>

namespace imgmill::codec_worker {
namespace {

// 4 of 6 is libwebp's own default; 2 halves the time for 5 % more bytes.
constexpr int kMethod = 4;
constexpr float kLosslessEffort = 50;

WebPConfig config_of(float quality) {
  WebPConfig config;
  if (WebPConfigInit(&config) == 0) std::abort();  // the library is not the one of the headers
  config.quality = quality;
  config.method = kMethod;
  config.alpha_quality = 100;
  return config;
}

}  // namespace

WebPConfig lossy_webp(int quality) { return config_of(static_cast<float>(quality)); }

WebPConfig lossless_webp(int near_lossless) {
  WebPConfig config = config_of(kLosslessEffort);
  config.lossless = 1;
  config.near_lossless = near_lossless;
  return config;
}

Outcome<void> judge_webp(VP8StatusCode status) {
  if (status == VP8_STATUS_OK) return {};
  if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
  return corrupt("the WebP's picture data are cut off or damaged");
}

WebpCoder::WebpCoder() {
  if (WebPPictureInit(&picture_) == 0) std::abort();
  WebPMemoryWriterInit(&writer_);
  picture_.writer = WebPMemoryWrite;
  picture_.custom_ptr = &writer_;
}

WebpCoder::~WebpCoder() {
  WebPPictureFree(&picture_);
  WebPMemoryWriterClear(&writer_);
}

Outcome<void> WebpCoder::encode(const WebPConfig& config) {
  WebPMemoryWriterClear(&writer_);
  if (WebPEncode(&config, &picture_) != 0) return {};
  if (picture_.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY ||
      picture_.error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY) {
    throw std::bad_alloc();
  }
  return corrupt("the picture cannot be coded as WebP");
}

}  // namespace imgmill::codec_worker
