// Source bytes → rendition, inside the child: sniff, check the header, then one of two ways
// (CONTRACT section 5). Format and size stay: coded anew by the format's own means, and the
// smallest of {new, source without its metadata} goes out. One of them changes: shape/. The sandbox
// is up before the first byte is seen, so nothing here opens a file or a socket.
//
// One thread. Includes model/, base/ and the picture libraries only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <vector>

#include "model/image_fault.h"
#include "model/recipe.h"

namespace imgmill::codec_worker {

struct RenderLimits {
  std::uint64_t pixels_max = 100'000'000;  // width × height × frames, told from headers first
};

struct Picture {
  std::vector<std::byte> bytes;
  PictureFormat format = PictureFormat::kJpeg;
  std::uint32_t width = 0;  // as shown: after rotation
  std::uint32_t height = 0;
  RenderMethod method = RenderMethod::kSourceKept;
  int quality = kQualityDefault;  // it was coded at, or would have been (kSourceKept)
};

using RenderResult = std::expected<Picture, ImageFault>;

// Once, before the sandbox closes: loads what the picture libraries would load lazily, and has the
// heap keep what one picture leaves for the next.
void warm_up();

[[nodiscard]] RenderResult render(std::span<const std::byte> source, const Recipe& recipe,
                                  const RenderLimits& limits);

}  // namespace imgmill::codec_worker
