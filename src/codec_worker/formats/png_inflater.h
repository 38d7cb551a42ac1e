// The data of a PNG's IDAT chunks, inflated a piece at a time: what a large picture's rows come
// from without standing in memory together. (A small one's libdeflate inflates at once, in half the
// time.)
//
// One thread. `source` stays.
#pragma once

#include <memory>

#include "codec_worker/formats/png_chunks.h"

namespace imgmill::codec_worker {

class PngInflater {
 public:
  // Throws std::bad_alloc.
  explicit PngInflater(Bytes source);
  PngInflater(const PngInflater&) = delete;
  PngInflater& operator=(const PngInflater&) = delete;
  ~PngInflater();

  // Fills `out`; false when the data end before, or are damaged.
  [[nodiscard]] bool read(std::span<std::byte> out);
  // Whether the data end here, or soon behind.
  [[nodiscard]] bool ends();

 private:
  struct Stream;
  // The most bytes that come next; 0 at the end, or when it is damaged.
  std::size_t inflate_some(std::span<std::byte> out);
  bool feed();

  PngChunks chunks_;
  std::unique_ptr<Stream> stream_;
  bool ended_ = false;
};

}  // namespace imgmill::codec_worker
