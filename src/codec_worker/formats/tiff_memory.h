// libtiff over bytes in memory, and what bounds it.
#pragma once

#include <tiffio.h>

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker {

// More would be a picture of hyperspectral bands, at which a row of samples no longer bounds
// memory.
inline constexpr std::uint32_t kTiffSamplesMax = 16;
// A tile's size is not bound by the picture's. One part of a picture at the bound of pixels fits.
inline constexpr tmsize_t kTiffPartBytesMax = tmsize_t{1} << 30;

// An open TIFF; get() is null when libtiff cannot make anything of it.
class TiffInMemory {
 public:
  explicit TiffInMemory(Bytes source);
  TiffInMemory(const TiffInMemory&) = delete;
  TiffInMemory& operator=(const TiffInMemory&) = delete;
  ~TiffInMemory();

  [[nodiscard]] TIFF* get() const { return tiff_; }

 private:
  struct File {
    Bytes bytes;
    std::size_t at = 0;
  };
  static tmsize_t read(thandle_t handle, void* out, tmsize_t size);
  static toff_t seek(thandle_t handle, toff_t offset, int whence);

  File file_;
  TIFF* tiff_ = nullptr;
};

}  // namespace imgmill::codec_worker
