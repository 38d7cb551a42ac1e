#include "codec_worker/formats/webp.h"

#include <cstdlib>
#include <new>

#include "codec_worker/formats/row_writer.h"
#include "codec_worker/formats/webp_chunks.h"
#include "codec_worker/formats/webp_coder.h"

namespace imgmill::codec_worker {
namespace {

// Coding a lossless frame takes ten times as long a pixel; above this the quick method has to do.
constexpr std::uint64_t kLosslessThoroughPixels = 4'000'000;

// libwebp's near-lossless levels: 100 is exact, 60 moves a sample by up to 2 bits' worth, 40 by 3;
// smooth areas stay exact.
int near_lossless_level(int quality) {
  if (quality >= 95) return 100;
  if (quality >= 80) return 80;
  if (quality >= 60) return 60;
  return 40;
}

// Decodes to the planes of `picture`, without going through RGB: nothing is lost on the way.
Outcome<void> decode_planes(Bytes coded, bool alpha, WebPPicture& picture) {
  picture.use_argb = 0;
  picture.colorspace = alpha ? WEBP_YUV420A : WEBP_YUV420;
  if (WebPPictureAlloc(&picture) == 0) throw std::bad_alloc();
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) std::abort();
  config.output.colorspace = alpha ? MODE_YUVA : MODE_YUV;
  config.output.is_external_memory = 1;
  WebPYUVABuffer& planes = config.output.u.YUVA;
  const auto height = static_cast<std::size_t>(picture.height);
  const std::size_t chroma_height = (height + 1) / 2;
  planes.y = picture.y;
  planes.u = picture.u;
  planes.v = picture.v;
  planes.a = picture.a;
  planes.y_stride = picture.y_stride;
  planes.u_stride = planes.v_stride = picture.uv_stride;
  planes.a_stride = picture.a_stride;
  planes.y_size = static_cast<std::size_t>(picture.y_stride) * height;
  planes.u_size = planes.v_size = static_cast<std::size_t>(picture.uv_stride) * chroma_height;
  planes.a_size = static_cast<std::size_t>(picture.a_stride) * height;
  return judge_webp(
      WebPDecode(reinterpret_cast<const std::uint8_t*>(coded.data()), coded.size(), &config));
}

// libwebp keeps ARGB as 32-bit words, which are B, G, R, A in memory on little-endian machines.
Outcome<void> decode_argb(Bytes coded, WebPPicture& picture) {
  picture.use_argb = 1;
  if (WebPPictureAlloc(&picture) == 0) throw std::bad_alloc();
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) std::abort();
  config.output.colorspace = MODE_BGRA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = reinterpret_cast<std::uint8_t*>(picture.argb);
  config.output.u.RGBA.stride = picture.argb_stride * 4;
  config.output.u.RGBA.size = static_cast<std::size_t>(config.output.u.RGBA.stride) *
                              static_cast<std::size_t>(picture.height);
  return judge_webp(
      WebPDecode(reinterpret_cast<const std::uint8_t*>(coded.data()), coded.size(), &config));
}

WebPConfig config_for(const WebpFrame& source, std::uint64_t pixels, int quality) {
  if (!source.lossless) {
    WebPConfig config = lossy_webp(quality);
    config.low_memory = is_row_wise(pixels) ? 1 : 0;
    return config;
  }
  WebPConfig config = lossless_webp(near_lossless_level(quality));
  if (pixels > kLosslessThoroughPixels) {
    config.method = 1;
    config.quality = 20;
  }
  return config;
}

// A file of one still frame, which is what libwebp's decoder takes.
Buffer as_file(const WebpFrame& frame, std::uint32_t width, std::uint32_t height) {
  WebpFile file;
  file.width = width;
  file.height = height;
  file.still = frame;
  return write_webp(file);
}

// Codes one frame anew. The result's bytes live in `out`, empty when the source's own are smaller.
Outcome<void> recode(const WebpFrame& source, std::uint32_t width, std::uint32_t height,
                     int quality, Buffer& out) {
  const Buffer file = as_file(source, width, height);
  WebpCoder frame;
  frame.picture().width = static_cast<int>(width);
  frame.picture().height = static_cast<int>(height);
  const std::uint64_t pixels = std::uint64_t{width} * height;
  const bool alpha_anew = source.has_alpha() && pixels <= kWebpAlphaAnewPixels;
  auto decoded = source.lossless ? decode_argb(file, frame.picture())
                                 : decode_planes(file, source.has_alpha(), frame.picture());
  if (!decoded) return decoded;
  if (!source.lossless && !alpha_anew) {
    frame.picture().colorspace = WEBP_YUV420;
    frame.picture().a = nullptr;
  }
  auto encoded = frame.encode(config_for(source, pixels, quality));
  if (!encoded) return encoded;
  WebpFrame coded = find_webp_frame(frame.coded().subspan(12));
  if (!source.lossless && !alpha_anew) coded.alpha = source.alpha;
  if (coded.empty() || webp_frame_bytes(coded) >= webp_frame_bytes(source)) return {};
  append_webp_frame(out, coded);
  return {};
}

}  // namespace

Outcome<Buffer> compress_webp(Bytes source, int quality) {
  auto file = parse_webp(source);
  if (!file) return std::unexpected(file.error());
  std::vector<Buffer> coded(file->animated() ? file->animation_frames.size() : 1);
  const auto replace = [&](WebpFrame& frame, std::uint32_t width, std::uint32_t height,
                           Buffer& storage) -> Outcome<void> {
    auto done = recode(frame, width, height, quality, storage);
    if (done && !storage.empty()) frame = find_webp_frame(storage);
    return done;
  };
  for (std::size_t i = 0; i < file->animation_frames.size(); ++i) {
    WebpAnimationFrame& frame = file->animation_frames[i];
    auto done = replace(frame.frame, frame.width, frame.height, coded[i]);
    if (!done) return std::unexpected(done.error());
  }
  if (!file->animated()) {
    auto done = replace(file->still, file->width, file->height, coded[0]);
    if (!done) return std::unexpected(done.error());
  }
  return write_webp(*file);
}

}  // namespace imgmill::codec_worker
