// WebP to pixels and back, for a change of format or size.
#include <algorithm>
#include <cstdlib>
#include <new>

#include "codec_worker/formats/png_colors.h"
#include "codec_worker/formats/webp.h"
#include "codec_worker/formats/webp_chunks.h"
#include "codec_worker/formats/webp_coder.h"

namespace imgmill::codec_worker {
namespace {

Outcome<Pixmap> decode_still(Bytes source, const WebpFile& file) {
  const bool alpha = file.still.has_alpha();
  Pixmap picture({file.width, file.height}, alpha ? PixelModel::kRgba : PixelModel::kRgb);
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) std::abort();
  config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = picture.samples.data();
  config.output.u.RGBA.stride = static_cast<int>(picture.row_samples());
  config.output.u.RGBA.size = picture.samples.size();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(source.data());
  auto decoded = judge_webp(WebPDecode(bytes, source.size(), &config));
  if (!decoded) return std::unexpected(decoded.error());
  return picture;
}

// libwebp has no grey.
Pixmap with_colours(Pixmap picture) {
  if (!is_grey(picture.model)) return picture;
  const bool alpha = has_alpha(picture.model);
  Pixmap out(picture.size, alpha ? PixelModel::kRgba : PixelModel::kRgb);
  const std::uint8_t* from = picture.samples.data();
  std::uint8_t* to = out.samples.data();
  for (std::size_t i = picture.pixels(); i > 0; --i) {
    to = std::fill_n(to, 3, *from++);
    if (alpha) *to++ = *from++;
  }
  return out;
}

bool has_few_colours(const Pixmap& picture) {
  RgbaPicture pixels{picture.size.width, picture.size.height, {}};
  pixels.pixels.resize(picture.pixels());
  const std::size_t channels = channels_of(picture.model);
  for (std::size_t i = 0; i < pixels.pixels.size(); ++i) {
    std::memcpy(&pixels.pixels[i], picture.samples.data() + i * channels, channels);
  }
  return !census_of(pixels).colors.empty();
}

Outcome<void> import(const Pixmap& picture, WebPPicture& out) {
  out.width = static_cast<int>(picture.size.width);
  out.height = static_cast<int>(picture.size.height);
  const int stride = static_cast<int>(picture.row_samples());
  const int done = has_alpha(picture.model)
                       ? WebPPictureImportRGBA(&out, picture.samples.data(), stride)
                       : WebPPictureImportRGB(&out, picture.samples.data(), stride);
  if (done == 0) throw std::bad_alloc();
  return {};
}

Outcome<Buffer> code(const Pixmap& picture, const WebPConfig& config) {
  WebpCoder coder;
  coder.picture().use_argb = config.lossless;
  if (auto imported = import(picture, coder.picture()); !imported) {
    return std::unexpected(imported.error());
  }
  if (auto coded = coder.encode(config); !coded) return std::unexpected(coded.error());
  return Buffer(coder.coded().begin(), coder.coded().end());
}

Buffer with_icc(const Buffer& coded, Bytes icc, PixelSize size) {
  if (icc.empty()) return coded;
  WebpFile file;
  file.width = size.width;
  file.height = size.height;
  file.icc = icc;
  file.still = find_webp_frame(Bytes(coded).subspan(12));
  return write_webp(file);
}

}  // namespace

Outcome<Buffer> decode_webp(Bytes source, PixelSize, RowSink& sink) {
  const auto file = parse_webp(source);
  if (!file) return std::unexpected(file.error());
  if (file->animated()) return send_first_frame(read_webp_animation(source), sink);
  auto picture = decode_still(source, *file);
  if (!picture) return std::unexpected(picture.error());
  sink.take(*std::move(picture));
  return Buffer(file->icc.begin(), file->icc.end());
}

Outcome<Coded> encode_webp(Pixmap source, Bytes icc, int quality) {
  const Pixmap picture = with_colours(std::move(source));
  if (std::max(picture.size.width, picture.size.height) > kWebpSideMax) {
    return unsupported("a WebP has at most 16383 pixels a side: ask for a max_width or max_height");
  }
  auto best = code(picture, lossy_webp(quality));
  if (!best) return std::unexpected(best.error());
  if (has_few_colours(picture)) {
    const auto lossless = code(picture, lossless_webp(100));
    if (lossless && lossless->size() < best->size()) best = *lossless;
  }
  return with_icc(*best, icc, picture.size);
}

}  // namespace imgmill::codec_worker
