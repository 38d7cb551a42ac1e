// What the bytes are, told from the bytes: never from a name or a header of the transport.
#pragma once

#include <cstdint>
#include <optional>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"
#include "model/recipe.h"

namespace imgmill::codec_worker {

// What is read: first what is written too, in the order of PictureFormat.
enum class SourceFormat : std::uint8_t { kJpeg, kPng, kWebp, kGif, kAvif, kTiff, kBmp, kHeic };

// The same format as a rendition's; nullopt for what is read only.
[[nodiscard]] constexpr std::optional<PictureFormat> as_rendition(SourceFormat format) {
  const auto number = static_cast<std::size_t>(format);
  if (number >= kFormats.size()) return std::nullopt;
  return static_cast<PictureFormat>(number);
}

// kEmptyBody for no bytes; kUnsupportedFormat, with its name, for a picture we do not take;
// kNotAnImage, saying what it looks like, for everything else.
[[nodiscard]] Outcome<SourceFormat> sniff(Bytes source);

}  // namespace imgmill::codec_worker
