// The container of TIFF: directories of tags, and the strips or tiles that two of them point to.
#pragma once

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

enum class TiffTag : std::uint16_t {
  kSubfileType = 254,
  kWidth = 256,
  kHeight = 257,
  kBitsPerSample = 258,
  kCompression = 259,
  kPhotometric = 262,
  kStripOffsets = 273,
  kOrientation = 274,
  kSamplesPerPixel = 277,
  kRowsPerStrip = 278,
  kStripBytes = 279,
  kPlanar = 284,
  kPredictor = 317,
  kTileWidth = 322,
  kTileLength = 323,
  kTileOffsets = 324,
  kTileBytes = 325,
  kSampleFormat = 339,
};

struct TiffEntry {
  std::uint32_t tag = 0;
  std::uint32_t type = 0;
  std::uint32_t count = 0;
  Buffer value;  // in the file's byte order
};

struct TiffPage {
  std::vector<TiffEntry> entries;  // ascending, only those that stay, without offsets and sizes
  std::vector<Bytes> parts;        // strips or tiles
  bool tiled = false;

  // The first number of a tag; `otherwise` when it is absent.
  [[nodiscard]] std::uint32_t number(TiffTag tag, bool little, std::uint32_t otherwise) const;
  void set_short(TiffTag tag, bool little, std::uint32_t value);
};

struct TiffFile {
  bool little = true;
  std::vector<TiffPage> pages;
};

// kCorruptImage; kUnsupportedFormat as in inspect_tiff().
[[nodiscard]] Outcome<TiffFile> parse_tiff(Bytes source);
[[nodiscard]] Buffer write_tiff(const TiffFile& file);

}  // namespace imgmill::codec_worker
