// WebP to pixels and back, for a change of format or size.
#include <algorithm>
#include <cstdlib>
#include <new>
#include <unordered_set>

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

// Of a photo the answer is there after some hundred pixels.
bool has_few_colours(const Pixmap& picture) {
  constexpr std::size_t kFew = 256;
  const std::size_t channels = channels_of(picture.model);
  std::unordered_set<std::uint32_t> colours;
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < picture.samples.size(); i += channels) {
    std::uint32_t colour = 0;
    std::memcpy(&colour, picture.samples.data() + i, channels);
    if (i > 0 && colour == before) continue;
    before = colour;
    if (colours.insert(colour).second && colours.size() > kFew) return false;
  }
  return true;
}

void import(const Pixmap& picture, WebPPicture& out) {
  out.width = static_cast<int>(picture.size.width);
  out.height = static_cast<int>(picture.size.height);
  const int stride = static_cast<int>(picture.row_samples());
  const int done = has_alpha(picture.model)
                       ? WebPPictureImportRGBA(&out, picture.samples.data(), stride)
                       : WebPPictureImportRGB(&out, picture.samples.data(), stride);
  if (done == 0) throw std::bad_alloc();
}

// The picture is gone as soon as libwebp has its own of it.
Outcome<Buffer> code(Pixmap picture, const WebPConfig& config) {
  WebpCoder coder;
  coder.picture().use_argb = config.lossless;
  import(picture, coder.picture());
  picture = {};
  if (auto coded = coder.encode(config); !coded) return std::unexpected(coded.error());
  return Buffer(coder.coded().begin(), coder.coded().end());
}

Outcome<Buffer> code_smallest(Pixmap picture, int quality) {
  if (!has_few_colours(picture)) return code(std::move(picture), lossy_webp(quality));
  auto lossy = code(picture, lossy_webp(quality));
  if (!lossy) return lossy;
  auto lossless = code(std::move(picture), lossless_webp(100));
  return lossless && lossless->size() < lossy->size() ? lossless : lossy;
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

Buffer with_webp_icc(Bytes coded, Bytes icc, PixelSize size) {
  if (icc.empty()) return Buffer(coded.begin(), coded.end());
  WebpFile file;
  file.width = size.width;
  file.height = size.height;
  file.icc = icc;
  file.still = find_webp_frame(coded.subspan(12));
  return write_webp(file);
}

std::unexpected<ImageFault> webp_too_large() {
  return unsupported("a WebP has at most 16383 pixels a side: ask for a max_width or max_height");
}

Outcome<Coded> encode_webp(Pixmap picture, Bytes icc, int quality) {
  const PixelSize size = picture.size;
  if (std::max(size.width, size.height) > kWebpSideMax) return webp_too_large();
  const auto coded = code_smallest(with_colours(std::move(picture)), quality);
  if (!coded) return std::unexpected(coded.error());
  return with_webp_icc(*coded, icc, size);
}

}  // namespace imgmill::codec_worker
