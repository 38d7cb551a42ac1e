// What to make of an image, and the picture formats there are. Values only; every room may include
// this, and it includes nothing of ours.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace imgmill {

enum class PictureFormat : std::uint8_t { kJpeg, kPng, kWebp, kGif, kAvif, kTiff };

inline constexpr int kQualityMin = 1;
inline constexpr int kQualityMax = 100;
inline constexpr int kQualityDefault = 50;
// Chosen for each picture: the lowest at which it still looks like its source. Where there is
// nothing to choose it is the default.
inline constexpr int kQualityAuto = 0;
inline constexpr std::string_view kQualityAutoWord = "auto";
// From this quality on colour differences keep their full resolution, where a format has a choice.
inline constexpr int kFullChromaQuality = 90;
// Of `max_bytes`: below the least no picture fits its own headers, above the most none is.
inline constexpr std::uint64_t kBytesBoundMin = 1ULL << 10;
inline constexpr std::uint64_t kBytesBoundMax = 1ULL << 30;
inline constexpr std::uint32_t kBoxSideMin = 1;
inline constexpr std::uint32_t kBoxSideMax = 16'384;

struct Recipe {
  int quality = kQualityDefault;             // or kQualityAuto
  std::optional<PictureFormat> format = {};  // nullopt: keep the source's
  // The rendition, as shown, is shrunk to fit inside, never enlarged. 0: no bound.
  std::uint32_t max_width = 0;
  std::uint32_t max_height = 0;
  std::uint64_t max_bytes = 0;  // the rendition has no more: its quality falls for it. 0: no bound

  bool operator==(const Recipe&) const = default;
};

// Which way a rendition was made.
enum class RenderMethod : std::uint8_t {
  kSourceKept,    // the source's own picture data, without its metadata
  kTranscoded,    // decoded and coded anew
  kRequantised,   // a JPEG's coefficients, coarser
  kLossless,      // packed anew, sample by sample the same
  kNearLossless,  // samples moved a little where it is not seen
  kPalette,       // by at most 256 chosen colours
  kConverted,     // into another format
  kResized,       // shrunk, in the source's format
  kConvertedResized,
};

inline constexpr std::array<std::string_view, 9> kMethodNames{
    "source_kept", "transcoded", "requantised", "lossless",         "near_lossless",
    "palette",     "converted",  "resized",     "converted_resized"};

[[nodiscard]] constexpr std::string_view name_of(RenderMethod method) {
  return kMethodNames[static_cast<std::size_t>(method)];
}

struct FormatNames {
  PictureFormat format;
  std::string_view name;       // as the API writes it
  std::string_view extension;  // of a rendition's name, without the dot
  std::string_view mime_type;
};

inline constexpr std::array<FormatNames, 6> kFormats{{
    {PictureFormat::kJpeg, "jpeg", "jpg", "image/jpeg"},
    {PictureFormat::kPng, "png", "png", "image/png"},
    {PictureFormat::kWebp, "webp", "webp", "image/webp"},
    {PictureFormat::kGif, "gif", "gif", "image/gif"},
    {PictureFormat::kAvif, "avif", "avif", "image/avif"},
    {PictureFormat::kTiff, "tiff", "tif", "image/tiff"},
}};

// What `format` of a form or a command line may say besides "keep" (CONTRACT 1.1): what every
// browser shows.
inline constexpr std::array<PictureFormat, 4> kTargetFormats{
    PictureFormat::kJpeg, PictureFormat::kPng, PictureFormat::kWebp, PictureFormat::kAvif};

[[nodiscard]] constexpr const FormatNames& names_of(PictureFormat format) {
  return kFormats[static_cast<std::size_t>(format)];
}

[[nodiscard]] constexpr std::optional<PictureFormat> format_named(std::string_view name) {
  for (const FormatNames& names : kFormats) {
    if (names.name == name) return names.format;
  }
  return std::nullopt;
}

}  // namespace imgmill
