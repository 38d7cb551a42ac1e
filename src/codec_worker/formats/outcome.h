// What the picture work returns: a value, or the ImageFault that the image failed with. Texts are
// our own; what a library says may hold anything and stays inside.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "codec_worker/formats/bytes.h"
#include "model/image_fault.h"
#include "model/recipe.h"

namespace imgmill::codec_worker {

template <class T>
using Outcome = std::expected<T, ImageFault>;

[[nodiscard]] inline std::unexpected<ImageFault> fault(FaultCode code, std::string message) {
  return std::unexpected(ImageFault{code, std::move(message)});
}
[[nodiscard]] inline std::unexpected<ImageFault> corrupt(std::string message) {
  return fault(FaultCode::kCorruptImage, std::move(message));
}
[[nodiscard]] inline std::unexpected<ImageFault> unsupported(std::string message) {
  return fault(FaultCode::kUnsupportedFormat, std::move(message));
}

// A picture coded anew, and how.
struct Coded {
  // NOLINTNEXTLINE(google-explicit-constructor): most formats know one way only
  Coded(Buffer coded, RenderMethod way = RenderMethod::kTranscoded)
      : bytes(std::move(coded)), method(way) {}
  Buffer bytes;
  RenderMethod method;
};

// How a source is decoded, as far as memory goes (memory_bound.h).
enum class SourceKind : std::uint8_t {
  kJpeg,
  kPng,
  kWebpLossy,
  kWebpLossyAlpha,
  kWebpLossless,
  kWebpAnimated,
  kGif,
  kGifAnimated,
  kAvif,
  kTiff,
  kBmp,
  kHeic,
};

// What a header promises, before anything is decoded.
struct PictureInfo {
  std::uint32_t width = 0;  // as stored: before rotation
  std::uint32_t height = 0;
  std::uint64_t pixels = 0;  // of all frames together
  int orientation = 1;       // EXIF's 1..8; 5 and above swap width and height
  SourceKind kind = SourceKind::kJpeg;
  int channels = 3;       // alpha included where there may be some
  bool ink = false;       // CMYK
  std::size_t pages = 1;  // of a TIFF, thumbnails not counted
  // What the decoder has to hold of the whole picture while its rows come, where the header tells:
  // coefficients of a JPEG in several scans, samples of an interlaced PNG, a strip of a TIFF.
  std::uint64_t held_bytes = 0;

  // Counts one more frame in; stops at the largest number instead of overflowing.
  void add_frame(std::uint32_t frame_width, std::uint32_t frame_height) {
    const std::uint64_t more = std::uint64_t{frame_width} * frame_height;
    pixels = pixels > UINT64_MAX - more ? UINT64_MAX : pixels + more;
  }
};

}  // namespace imgmill::codec_worker
