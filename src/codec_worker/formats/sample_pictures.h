// For tests: seeded pictures with gradients, noise and shapes, coded and decoded by libvips, which
// takes other ways through the libraries than the code under test (and for GIF other libraries).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker::samples {

struct Raster {
  int width = 0;
  int height = 0;  // of one frame
  int bands = 3;
  int frames = 1;
  std::vector<std::uint8_t> samples;

  [[nodiscard]] int at(int x, int y, int band) const;
};

enum class Look { kPhoto, kDrawing };

// 1 band is grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (or CMYK). Alpha has solid, clear and
// soft parts. Frames differ a little.
[[nodiscard]] Raster picture(int width, int height, int bands, Look look = Look::kPhoto,
                             int frames = 1);

struct Extras {
  int orientation = 0;        // written as EXIF when not 0
  bool private_data = false;  // camera, GPS, XMP and comment, each with the word below
  std::string icc = {};       // a profile's bytes
  std::vector<int> delays_ms = {};
  int loop = 0;
  bool cmyk = false;
};
inline constexpr std::string_view kPrivateWord = "SECRETPLACE";

// `suffix` is libvips's: ".jpg[Q=90]".
[[nodiscard]] Buffer encode(const Raster& raster, const std::string& suffix, const Extras& = {});

struct Decoded {
  Raster raster;
  int orientation = 1;
  std::string icc;
  std::vector<int> delays_ms;
  int loop = 0;
  bool sixteen_bits = false;
  std::string colour_space;
};

// All frames; nullopt when libvips cannot read it to the end.
[[nodiscard]] std::optional<Decoded> decode(Bytes file);
// Turned as its orientation says.
[[nodiscard]] std::optional<Raster> decode_upright(Bytes file);

// Shrunk to fit inside, upright, by libvips's own thumbnailer; of an animation the first frame, or
// all.
[[nodiscard]] std::optional<Raster> thumbnail(Bytes file, int width, int height);
[[nodiscard]] std::optional<Raster> thumbnail_frames(Bytes file, int width, int height);
// Through its profile into sRGB.
[[nodiscard]] std::optional<Raster> in_srgb(Bytes file);

// Root mean square difference of what is shown, 0..255; 1,000 when the shapes differ.
[[nodiscard]] double difference(const Raster& a, const Raster& b);
// Largest difference within one band.
[[nodiscard]] int largest_difference(const Raster& a, const Raster& b, int band);

// libvips's built-in profiles: "srgb", "cmyk".
[[nodiscard]] std::string icc_profile(const std::string& name);

[[nodiscard]] bool contains(Bytes file, std::string_view text);
[[nodiscard]] std::string text_of(Bytes file);

}  // namespace imgmill::codec_worker::samples
