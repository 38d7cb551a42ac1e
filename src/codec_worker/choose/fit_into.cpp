#include "codec_worker/choose/fit_into.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "codec_worker/choose/quality_search.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {
namespace {

// Of the logarithm of a file's bytes; the most there is, so that the first guess is rather too low:
// one that fits is worth more than one that nearly does.
constexpr double kRise = 1.3;

double size_of(const Picture& picture) {
  return std::log(static_cast<double>(picture.bytes.size()));
}

std::unexpected<ImageFault> does_not_fit(std::size_t least, std::uint64_t bytes_max) {
  return fault(FaultCode::kDoesNotFit, "max_bytes is " + std::to_string(bytes_max) +
                                           ", the smallest that the picture gets is " +
                                           std::to_string(least) +
                                           " bytes: ask for a smaller max_width or max_height");
}

}  // namespace

int fit_renders_for(std::uint64_t pixels) {
  const std::uint64_t renders = kFitPixels / std::max<std::uint64_t>(pixels, 1);
  return static_cast<int>(std::clamp<std::uint64_t>(renders, kFitRendersMin, kFitRendersMax));
}

RenderResult fit_into(std::uint64_t bytes_max, int quality, const RenderAt& render,
                      int renders_max) {
  RenderResult first = render(quality);
  if (!first || first->bytes.size() <= bytes_max) return first;
  const int highest = first->quality;
  std::size_t least = first->bytes.size();
  QualitySearch search({.lowest = kQualityMin, .highest = highest},
                       std::log(static_cast<double>(bytes_max) + 0.5), kRise);
  search.tried(highest, size_of(*first));
  std::optional<Picture> fitting;
  for (int renders = 1; renders < renders_max; ++renders) {
    std::optional<int> next = search.next(highest);
    if (!next) break;
    // The last one is for the lowest quality, which tells whether anything fits.
    if (renders == renders_max - 1 && !fitting) next = kQualityMin;
    RenderResult made = render(*next);
    if (!made) return made;
    search.tried(*next, size_of(*made));
    least = std::min(least, made->bytes.size());
    if (made->bytes.size() <= bytes_max) fitting = *std::move(made);
  }
  if (!fitting) return does_not_fit(least, bytes_max);
  return *std::move(fitting);
}

}  // namespace imgmill::codec_worker
