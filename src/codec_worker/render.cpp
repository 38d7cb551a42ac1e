#include "codec_worker/render.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include <malloc.h>

#include "codec_worker/choose/auto_quality.h"
#include "codec_worker/choose/fit_into.h"
#include "codec_worker/formats/avif.h"
#include "codec_worker/formats/bmp.h"
#include "codec_worker/formats/gif.h"
#include "codec_worker/formats/heif_pixels.h"
#include "codec_worker/formats/icc.h"
#include "codec_worker/formats/jpeg.h"
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_colors.h"
#include "codec_worker/formats/sniff.h"
#include "codec_worker/formats/tiff.h"
#include "codec_worker/formats/webp.h"
#include "codec_worker/memory_bound.h"
#include "codec_worker/shape/shape.h"

namespace imgmill::codec_worker {
namespace {

using Inspect = Outcome<PictureInfo> (*)(Bytes source);

// In the order of SourceFormat.
constexpr std::array<Inspect, 8> kInspect{inspect_jpeg, inspect_png,  inspect_webp, inspect_gif,
                                          inspect_avif, inspect_tiff, inspect_bmp,  inspect_heic};

struct FormatWork {
  Outcome<Coded> (*compress)(Bytes source, int quality);
  Outcome<Buffer> (*strip)(Bytes source);
};

template <auto Compress, RenderMethod Way = RenderMethod::kTranscoded>
Outcome<Coded> compress_by(Bytes source, int quality) {
  auto bytes = Compress(source, quality);
  if (!bytes) return std::unexpected(bytes.error());
  return Coded(*std::move(bytes), Way);
}

// In the order of PictureFormat.
constexpr std::array<FormatWork, kFormats.size()> kWork{{
    {compress_jpeg, strip_jpeg},
    {compress_png, strip_png},
    {compress_by<compress_webp>, strip_webp},
    {compress_by<compress_gif>, strip_gif},
    {compress_by<compress_avif>, strip_avif},
    {compress_by<compress_tiff, RenderMethod::kLossless>, strip_tiff},
}};

RenderResult compress(Bytes source, PictureFormat format, PixelSize shown, int quality) {
  const FormatWork& work = kWork[static_cast<std::size_t>(format)];
  if (quality == kQualityAuto) quality = auto_quality(source, format);
  auto compressed = work.compress(source, quality);
  if (!compressed) return std::unexpected(compressed.error());
  auto stripped = work.strip(source);
  const std::size_t bound = stripped ? std::min(stripped->size(), source.size()) : source.size();
  if (!compressed->bytes.empty() && compressed->bytes.size() < bound) {
    return Picture{std::move(compressed->bytes), format, shown.width, shown.height,
                   compressed->method,           quality};
  }
  if (!stripped) return std::unexpected(stripped.error());
  // Taking something out never adds a byte, but for padding that a source left out at its very end.
  if (stripped->size() > source.size()) stripped->assign(source.begin(), source.end());
  return Picture{*std::move(stripped),      format, shown.width, shown.height,
                 RenderMethod::kSourceKept, quality};
}

RenderMethod method_of(bool converts, bool resizes) {
  if (!converts) return RenderMethod::kResized;
  return resizes ? RenderMethod::kConvertedResized : RenderMethod::kConverted;
}

std::unexpected<ImageFault> many_pages(std::size_t pages) {
  return unsupported("the TIFF has " + std::to_string(pages) +
                     " pages: only one of a single page can change its format or size");
}

// As shape() chooses where nothing is asked for: PNG for alpha, if there is some in the end.
PictureFormat target_of(std::optional<PictureFormat> target, const PictureInfo& source) {
  return target.value_or(source.channels == 4 ? PictureFormat::kPng : PictureFormat::kJpeg);
}

RenderResult render_sniffed(Bytes source, const Recipe& recipe, const RenderLimits& limits) {
  const auto from = sniff(source);
  if (!from) return std::unexpected(from.error());
  const auto info = kInspect[static_cast<std::size_t>(*from)](source);
  if (!info) return std::unexpected(info.error());
  if (info->pixels > limits.pixels_max) {
    return fault(FaultCode::kTooManyPixels, "the picture has " + std::to_string(info->pixels) +
                                                " pixels, " + std::to_string(limits.pixels_max) +
                                                " are allowed");
  }
  const bool turned = info->orientation >= 5;
  const PixelSize shown{turned ? info->height : info->width, turned ? info->width : info->height};
  const PixelSize fitted = fit_inside(shown, recipe.max_width, recipe.max_height);
  const std::optional<PictureFormat> own = as_rendition(*from);
  const bool converts = !own || (recipe.format && recipe.format != own);
  const bool resizes = fitted != shown;
  const bool stays = !converts && !resizes;
  if (!stays && info->pages > 1) return many_pages(info->pages);
  const std::optional<PictureFormat> target = recipe.format ? recipe.format : own;
  const auto fits =
      check_memory({.source = *info,
                    .source_bytes = source.size(),
                    .format = stays ? std::nullopt : std::optional(target_of(target, *info)),
                    .size = fitted,
                    .chooses_quality = recipe.quality == kQualityAuto});
  if (!fits) return std::unexpected(fits.error());
  const auto at = [&](int quality) -> RenderResult {
    if (stays) return compress(source, *own, shown, quality);
    auto shaped = shape(source, {.from = *from,
                                 .orientation = info->orientation,
                                 .size = fitted,
                                 .format = target,
                                 .quality = quality});
    if (!shaped) return std::unexpected(shaped.error());
    return Picture{std::move(shaped->bytes),     shaped->format,
                   shaped->size.width,           shaped->size.height,
                   method_of(converts, resizes), shaped->quality};
  };
  if (recipe.max_bytes == 0) return at(recipe.quality);
  return fit_into(recipe.max_bytes, recipe.quality, at, fit_renders_for(info->pixels));
}

// What one picture leaves the next one takes: pages given back and fetched again for each cost a
// tenth of a requantised JPEG, a fifth of a PNG.
void keep_heap() {
  ::mallopt(M_TRIM_THRESHOLD, 48 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 16 << 20);
}

}  // namespace

void warm_up() {
  keep_heap();
  warm_up_quantiser();
  warm_up_avif();
  warm_up_tiff();
  warm_up_heic();
  warm_up_icc();
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
