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

struct Recipe {
  int quality = kQualityDefault;

  bool operator==(const Recipe&) const = default;
};

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
