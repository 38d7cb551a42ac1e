#include "codec_worker/formats/tiff_memory.h"

#include <algorithm>
#include <cstdio>

namespace imgmill::codec_worker {

TiffInMemory::TiffInMemory(Bytes source) : file_{source} {
  tiff_ = TIFFClientOpen(
      "source", "rmc", &file_, read, [](thandle_t, void*, tmsize_t) { return tmsize_t{0}; }, seek,
      [](thandle_t) { return 0; },
      [](thandle_t handle) { return toff_t{static_cast<File*>(handle)->bytes.size()}; }, nullptr,
      nullptr);
}

TiffInMemory::~TiffInMemory() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

tmsize_t TiffInMemory::read(thandle_t handle, void* out, tmsize_t size) {
  File& file = *static_cast<File*>(handle);
  const std::size_t left = file.bytes.size() - std::min(file.at, file.bytes.size());
  const std::size_t count = std::min(left, static_cast<std::size_t>(std::max<tmsize_t>(0, size)));
  if (count > 0) std::memcpy(out, file.bytes.data() + file.at, count);
  file.at += count;
  return static_cast<tmsize_t>(count);
}

toff_t TiffInMemory::seek(thandle_t handle, toff_t offset, int whence) {
  File& file = *static_cast<File*>(handle);
  if (whence == SEEK_CUR) offset += file.at;
  if (whence == SEEK_END) offset += file.bytes.size();
  file.at = offset;
  return offset;
}

}  // namespace imgmill::codec_worker
