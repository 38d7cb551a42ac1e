// A picture with a bound on its bytes: the highest quality whose rendition fits.
//
// One thread.
#pragma once

#include <cstdint>
#include <functional>

#include "codec_worker/render.h"

namespace imgmill::codec_worker {

// Of one picture, the first included: what a search may cost.
inline constexpr int kFitRendersMax = 6;

// Of all renders together: AVIF and PNG take some 0.3 s a megapixel, and a large picture has to be
// done before the deadline. Three at least: as asked, a guess, the lowest.
inline constexpr std::uint64_t kFitPixels = 120'000'000;
inline constexpr int kFitRendersMin = 3;
[[nodiscard]] int fit_renders_for(std::uint64_t pixels);

using RenderAt = std::function<RenderResult(int quality)>;

// `render(quality)`, or where that has more than `bytes_max` the largest rendition of a lower
// quality that has not; so few renders may end a quality or two below the highest. kDoesNotFit when
// even the lowest quality has more; other faults are render()'s.
[[nodiscard]] RenderResult fit_into(std::uint64_t bytes_max, int quality, const RenderAt& render,
                                    int renders_max = kFitRendersMax);

}  // namespace imgmill::codec_worker
