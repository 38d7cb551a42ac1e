#include "codec_worker/memory_bound.h"

#include <atomic>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <malloc.h>

#include "codec_worker/formats/avif.h"
#include "codec_worker/formats/gif.h"
#include "codec_worker/formats/heif_pixels.h"
#include "codec_worker/formats/jpeg.h"
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_chunks.h"
#include "codec_worker/formats/sample_pictures.h"
#include "codec_worker/formats/tiff.h"
#include "codec_worker/formats/webp.h"
#include "codec_worker/render.h"
#include "codec_worker/shape/shape.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#define IMGMILL_COUNTS_HEAP 1
#endif

namespace imgmill::codec_worker {
namespace {

using namespace samples;

#ifdef IMGMILL_COUNTS_HEAP

std::atomic<std::int64_t> heap_now{0};
std::atomic<std::int64_t> heap_peak{0};

void on_malloc(const volatile void* block, std::size_t size) {
  if (block == nullptr) return;
  const std::int64_t now = heap_now += static_cast<std::int64_t>(size);
  std::int64_t before = heap_peak;
  while (now > before && !heap_peak.compare_exchange_weak(before, now)) {
  }
}

void on_free(const volatile void* block) {
  if (block == nullptr) return;
  heap_now -=
      static_cast<std::int64_t>(__sanitizer_get_allocated_size(const_cast<const void*>(block)));
}

// What `work` had allocated at its peak.
std::int64_t peak_of(const std::function<void()>& work) {
  static const int installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
  EXPECT_GT(installed, 0);
  const std::int64_t before = heap_now;
  heap_peak = before;
  work();
  return heap_peak - before;
}

#else

std::int64_t status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stoll(line.substr(name.size() + 1)) * 1'024;
  }
  return 0;
}

// What the process grew by at its peak while `work` ran.
std::int64_t peak_of(const std::function<void()>& work) {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak is what is there now
  const std::int64_t before = status_bytes("VmRSS:");
  work();
  return status_bytes("VmHWM:") - before;
}

#endif

constexpr double kProgramBytes = 30e6;  // as memory_bound.cpp counts them

struct Way {
  std::string suffix;
  int bands = 3;
  std::optional<PictureFormat> format = {};
  std::uint32_t max_width = 0;
  int frames = 1;
};

void PrintTo(const Way& way, std::ostream* out) {
  *out << way.suffix << " of " << way.bands << " bands to "
       << (way.format ? static_cast<int>(*way.format) : -1) << " within " << way.max_width;
}

class MemoryBound : public testing::TestWithParam<Way> {};

PictureInfo inspected(const Buffer& source, const std::string& suffix) {
  const auto is = [&suffix](std::string_view name) { return suffix.starts_with(name); };
  const auto info = is(".jpg")    ? inspect_jpeg(source)
                    : is(".png")  ? inspect_png(source)
                    : is(".webp") ? inspect_webp(source)
                    : is(".gif")  ? inspect_gif(source)
                    : is(".avif") ? inspect_avif(source)
                    : is(".heic") ? inspect_heic(source)
                                  : inspect_tiff(source);
  return info.value_or(PictureInfo{});
}

std::uint64_t promised_bytes(const Buffer& source, const Way& way) {
  const PictureInfo info = inspected(source, way.suffix);
  const PixelSize size = fit_inside({info.width, info.height}, way.max_width, 0);
  std::optional<PictureFormat> target = way.format;
  if (!target && way.max_width > 0) target = as_rendition(*sniff(source));
  return work_bytes(
      {.source = info, .source_bytes = source.size(), .format = target, .size = size});
}

// On 3 megapixels, which take every way that smaller pictures than kRowWisePixels take.
TEST_P(MemoryBound, HoldsWhatItPromises) {
  const Way& way = GetParam();
  Extras extras;
  if (way.frames > 1) extras.delays_ms.assign(static_cast<std::size_t>(way.frames), 100);
  const Look look = way.suffix.starts_with(".gif") ? Look::kDrawing : Look::kPhoto;
  const Buffer source =
      encode(picture(2'000, 1'500, way.bands, look, way.frames), way.suffix, extras);
  ASSERT_FALSE(source.empty());
  const auto promised = static_cast<double>(promised_bytes(source, way));
  ASSERT_GT(promised, 0);
  RenderResult result;
  const auto used = static_cast<double>(peak_of(
      [&] { result = render(source, {.format = way.format, .max_width = way.max_width}, {}); }));
  ASSERT_TRUE(result) << result.error().message;
  // The source stands outside of render(). Tables of the libraries do not grow with the picture.
  EXPECT_LT(used, promised - static_cast<double>(source.size()));
  EXPECT_GT(used, (promised - kProgramBytes) / 12) << "the promise is far too large";
}

constexpr auto kJpeg = PictureFormat::kJpeg;
constexpr auto kPng = PictureFormat::kPng;
constexpr auto kWebp = PictureFormat::kWebp;
constexpr auto kAvif = PictureFormat::kAvif;

INSTANTIATE_TEST_SUITE_P(
    Ways, MemoryBound,
    testing::Values(Way{".jpg[Q=90,interlace]"}, Way{".jpg[Q=90,interlace]", 3, kWebp},
                    Way{".jpg[Q=90]", 3, kPng}, Way{".jpg[Q=90]", 3, kAvif},
                    Way{".jpg[Q=90]", 3, std::nullopt, 1'900}, Way{".png[compression=1]"},
                    Way{".png[compression=1]", 4}, Way{".png[compression=1]", 4, kWebp},
                    Way{".png[compression=1,interlace]", 3, kJpeg}, Way{".webp[Q=80]"},
                    Way{".webp[Q=80]", 4}, Way{".webp[lossless]", 3}, Way{".webp[Q=80]", 3, kJpeg},
                    Way{".webp[lossless]", 4, kPng}, Way{".gif", 3}, Way{".gif", 3, kJpeg},
                    Way{".gif", 3, std::nullopt, 1'900, 2}, Way{".avif[effort=0]"},
                    Way{".avif[effort=0]", 3, kJpeg}, Way{".heic[Q=50]", 3, kJpeg}, Way{".tif"},
                    Way{".tif[compression=lzw,tile]", 3, kWebp}));

Buffer png_claiming(std::uint32_t width, std::uint32_t height, PngColor color) {
  Buffer source;
  append_png_signature(source);
  append_png_header(source, {width, height, 8, color, false});
  append_png_chunk(source, four("IDAT"), Buffer(300'000));
  append_png_chunk(source, four("IEND"), {});
  return source;
}

TEST(MemoryBoundRefusal, NamesTheLimitAndWhatHelps) {
  const Buffer source = png_claiming(9'000, 9'000, PngColor::kRgb);
  const auto refused = render(source, {.format = PictureFormat::kAvif}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, FaultCode::kTooManyPixels);
  for (const auto* part : {"81 megapixels", "400 are allowed", "max_width", "another format"}) {
    EXPECT_TRUE(refused.error().message.contains(part)) << refused.error().message;
  }
  const auto taken = render(source, {.format = PictureFormat::kJpeg}, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, FaultCode::kCorruptImage) << "what JPEG needs is there";
}

TEST(MemoryBoundRefusal, SaysWhereNoBoxHelps) {
  PictureInfo lossless{16'000, 6'000, 96'000'000};
  lossless.kind = SourceKind::kWebpLossless;
  const auto refused =
      check_memory({.source = lossless, .format = PictureFormat::kJpeg, .size = {100, 37}});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("at most 45 megapixels")) << refused.error().message;
}

}  // namespace
}  // namespace imgmill::codec_worker
