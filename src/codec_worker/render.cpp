#include "codec_worker/render.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include "codec_worker/formats/avif.h"
#include "codec_worker/formats/gif.h"
#include "codec_worker/formats/jpeg.h"
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_colors.h"
#include "codec_worker/formats/sniff.h"
#include "codec_worker/formats/tiff.h"
#include "codec_worker/formats/webp.h"

namespace imgmill::codec_worker {
namespace {

struct FormatWork {
  Outcome<PictureInfo> (*inspect)(Bytes source);
  Outcome<Buffer> (*compress)(Bytes source, int quality);
  Outcome<Buffer> (*strip)(Bytes source);
};

// In the order of PictureFormat.
constexpr std::array<FormatWork, kFormats.size()> kWork{{
    {inspect_jpeg, compress_jpeg, strip_jpeg},
    {inspect_png, compress_png, strip_png},
    {inspect_webp, compress_webp, strip_webp},
    {inspect_gif, compress_gif, strip_gif},
    {inspect_avif, compress_avif, strip_avif},
    {inspect_tiff, compress_tiff, strip_tiff},
}};

Picture picture_of(Buffer bytes, PictureFormat format, const PictureInfo& info) {
  const bool turned = info.orientation >= 5;
  return {std::move(bytes), format, turned ? info.height : info.width,
          turned ? info.width : info.height};
}

RenderResult render_sniffed(Bytes source, const Recipe& recipe, const RenderLimits& limits) {
  const auto format = sniff(source);
  if (!format) return std::unexpected(format.error());
  const FormatWork& work = kWork[static_cast<std::size_t>(*format)];
  const auto info = work.inspect(source);
  if (!info) return std::unexpected(info.error());
  if (info->pixels > limits.pixels_max) {
    return fault(FaultCode::kTooManyPixels, "the picture has " + std::to_string(info->pixels) +
                                                " pixels, " + std::to_string(limits.pixels_max) +
                                                " are allowed");
  }
  auto compressed = work.compress(source, recipe.quality);
  if (!compressed) return std::unexpected(compressed.error());
  auto stripped = work.strip(source);
  const std::size_t bound = stripped ? std::min(stripped->size(), source.size()) : source.size();
  if (!compressed->empty() && compressed->size() < bound) {
    return picture_of(*std::move(compressed), *format, *info);
  }
  if (!stripped) return std::unexpected(stripped.error());
  // Taking something out never adds a byte, but for padding that a source left out at its very end.
  if (stripped->size() > source.size()) stripped->assign(source.begin(), source.end());
  return picture_of(*std::move(stripped), *format, *info);
}

}  // namespace

void warm_up() {
  warm_up_quantiser();
  warm_up_avif();
  warm_up_tiff();
}

RenderResult render(std::span<const std::byte> source, const Recipe& recipe,
                    const RenderLimits& limits) {
  try {
    return render_sniffed(source, recipe, limits);
  } catch (const std::bad_alloc&) {
    return fault(FaultCode::kTooManyPixels, "the picture needs more memory than a decoder may use");
  }
}

}  // namespace imgmill::codec_worker
