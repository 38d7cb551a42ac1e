// Bytes as a BMP: header, palette, bit fields, runs. Each input stands in a block of its exact
// size.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec_worker/formats/bmp.h"

namespace {

using namespace imgmill::codec_worker;

// More would only cost the fuzzer time.
constexpr std::uint64_t kPixelsMax = 1 << 18;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const Buffer source(bytes, bytes + size);
  const auto info = inspect_bmp(source);
  if (!info || info->pixels > kPixelsMax) return 0;
  RowCollector collector;
  if (!decode_bmp(source, {}, collector)) return 0;
  const Pixmap picture = collector.finish();
  if (picture.size != PixelSize{info->width, info->height}) __builtin_trap();
  if (picture.samples.size() != picture.row_samples() * picture.size.height) __builtin_trap();
  return 0;
}
