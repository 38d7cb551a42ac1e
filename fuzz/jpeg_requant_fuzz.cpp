// JPEGs as an attacker would send them. The first byte chooses the quality. What comes out must be
// a JPEG that libjpeg reads without a warning, in the size that the source claims.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "codec_worker/formats/jpeg.h"
#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_samples.h"

namespace imgmill::codec_worker {
namespace {

// Enough for everything that depends on size; more would only take time.
constexpr std::uint64_t kPixelsMax = 300'000;

void requantise(const Buffer& source, int quality) {
  const auto info = inspect_jpeg(source);
  if (!info || info->pixels > kPixelsMax) return;
  const auto made = requantise_jpeg(source, {.quality = quality});
  if (!made) {
    CHECK(!made.error().message.empty());
    return;
  }
  if (!made->has_value() || (*made)->empty()) return;
  const Buffer& out = **made;
  CHECK(out.size() < source.size());
  const auto read = samples::read_data(out);
  CHECK(read.has_value() && read->warnings == 0);
  CHECK(static_cast<std::uint32_t>(read->width) == info->width);
  CHECK(static_cast<std::uint32_t>(read->height) == info->height);
}

}  // namespace
}  // namespace imgmill::codec_worker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto* first = reinterpret_cast<const std::byte*>(data);
  // A block of its exact size.
  const imgmill::codec_worker::Buffer source(first + 1, first + size);
  imgmill::codec_worker::requantise(source, 1 + data[0] % 100);
  return 0;
}
