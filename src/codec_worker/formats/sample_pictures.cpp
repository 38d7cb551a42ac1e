#include "codec_worker/formats/sample_pictures.h"

#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>

#include <vips/vips.h>

#if __has_feature(address_sanitizer)
// The encoder that draws our HEICs loses some of its memory.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265"; }
#endif

namespace imgmill::codec_worker::samples {
namespace {

struct Unref {
  void operator()(VipsImage* image) const { g_object_unref(image); }
};
using Image = std::unique_ptr<VipsImage, Unref>;

void start_vips() {
  static const bool started = [] {
    if (VIPS_INIT("samples") != 0) std::abort();
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    // It warns of every AVIF's colour description.
    g_log_set_handler(
        "VIPS", G_LOG_LEVEL_WARNING, [](const char*, GLogLevelFlags, const char*, void*) {},
        nullptr);
    return true;
  }();
  static_cast<void>(started);
}

std::uint8_t clamped(double value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
}

bool in_disc(int x, int y, const Raster& r, double cx, double cy, double radius) {
  const double dx = x - cx * r.width;
  const double dy = y - cy * r.height;
  return dx * dx + dy * dy < radius * radius * r.width * r.height;
}

double colour_at(const Raster& r, int x, int y, int band, int frame, Look look, double noise) {
  double value = look == Look::kPhoto
                     ? 40 + 150.0 * x / r.width + 50 * std::sin(y * 0.07 + band) + noise
                     : 230.0 - 40 * band;
  if (in_disc(x, y, r, 0.3 + 0.02 * frame, 0.4, 0.2)) value = 250 - 90 * band + noise / 2;
  if (x > 0.6 * r.width && y > 0.5 * r.height && x < 0.9 * r.width) value = 20 + 60 * band;
  if (look == Look::kDrawing) {
    // A soft edge, so that there are many colours, as antialiasing makes them.
    const double edge = std::hypot(x - 0.7 * r.width, y - 0.25 * r.height) - 0.15 * r.width;
    if (edge < 0) value = 10 + 70 * band;
    if (edge >= 0 && edge < 6) value += (10 + 70 * band - value) * (1 - edge / 6);
  }
  return value;
}

double alpha_at(const Raster& r, int x, int y) {
  if (in_disc(x, y, r, 0.3, 0.4, 0.25)) return 255;
  if (x > 0.55 * r.width) return 255;
  return y > 0.7 * r.height ? 255.0 * x / (0.55 * r.width) : 0;
}

Image wrap(const Raster& raster) {
  start_vips();
  VipsImage* image = vips_image_new_from_memory_copy(raster.samples.data(), raster.samples.size(),
                                                     raster.width, raster.height * raster.frames,
                                                     raster.bands, VIPS_FORMAT_UCHAR);
  image->Type = raster.bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
  return Image(image);
}

void set_blob(VipsImage* image, const char* name, const std::string& bytes) {
  vips_image_set_blob_copy(image, name, bytes.data(), bytes.size());
}

void set_extras(VipsImage* image, const Raster& raster, const Extras& extras) {
  if (extras.cmyk) image->Type = VIPS_INTERPRETATION_CMYK;
  if (extras.orientation > 0) vips_image_set_int(image, VIPS_META_ORIENTATION, extras.orientation);
  if (!extras.icc.empty()) set_blob(image, VIPS_META_ICC_NAME, extras.icc);
  if (extras.private_data) {
    const std::string secret(kPrivateWord);
    vips_image_set_string(image, "exif-ifd0-Make", secret.c_str());
    vips_image_set_string(image, "exif-ifd3-GPSMapDatum", secret.c_str());
    vips_image_set_string(image, "exif-ifd0-ImageDescription", secret.c_str());
    vips_image_set_string(image, "png-comment-0-Place", secret.c_str());
    set_blob(image, VIPS_META_XMP_NAME, "<x:xmpmeta>" + secret + "</x:xmpmeta>");
  }
  if (raster.frames > 1) vips_image_set_int(image, VIPS_META_PAGE_HEIGHT, raster.height);
  if (!extras.delays_ms.empty()) {
    vips_image_set_array_int(image, "delay", extras.delays_ms.data(),
                             static_cast<int>(extras.delays_ms.size()));
    vips_image_set_int(image, "loop", extras.loop);
  }
}

Image open(Bytes file) {
  start_vips();
  const std::string all_frames =
      reads(file, "GIF8") || reads(file, "RIFF") ? "[n=-1,fail_on=error]" : "[fail_on=error]";
  VipsImage* image =
      vips_image_new_from_buffer(file.data(), file.size(), all_frames.c_str(), nullptr);
  vips_error_clear();
  return Image(image);
}

Raster raster_of(VipsImage* image) {
  std::size_t size = 0;
  Raster raster;
  const std::unique_ptr<void, void (*)(void*)> memory(vips_image_write_to_memory(image, &size),
                                                      g_free);
  if (!memory) return raster;
  const auto* first = static_cast<const std::uint8_t*>(memory.get());
  raster.samples.assign(first, first + size);
  raster.width = image->Xsize;
  raster.height = vips_image_get_page_height(image);
  raster.frames = image->Ysize / raster.height;
  raster.bands = image->Bands;
  return raster;
}

Image copy_of(VipsImage* image) {
  VipsImage* copy = nullptr;
  return Image(vips_copy(image, &copy, nullptr) == 0 ? copy : nullptr);
}

Image in_16_bits(VipsImage* image) {
  VipsImage* scaled = nullptr;
  if (vips_linear1(image, &scaled, 257, 0, nullptr) != 0) return nullptr;
  const Image owned(scaled);
  VipsImage* out = nullptr;
  if (vips_cast(scaled, &out, VIPS_FORMAT_USHORT, nullptr) != 0) return nullptr;
  out->Type = out->Bands < 3 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16;
  return Image(out);
}

Image in_8_bits(Image image) {
  if (image->BandFmt == VIPS_FORMAT_UCHAR) return image;
  VipsImage* out = nullptr;
  const auto space = image->Bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
  if (vips_colourspace(image.get(), &out, space, nullptr) != 0) return nullptr;
  return Image(out);
}

}  // namespace

int Raster::at(int x, int y, int band) const {
  return samples[static_cast<std::size_t>((y * width + x) * bands + band)];
}

Raster picture(int width, int height, int bands, Look look, int frames) {
  Raster raster{width, height, bands, frames, {}};
  std::mt19937 random(static_cast<unsigned>(width * 7 + height * 3 + bands));
  std::normal_distribution<double> grain(0, look == Look::kPhoto ? 5 : 0.0001);
  for (int frame = 0; frame < frames; ++frame) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int band = 0; band < bands; ++band) {
          const bool alpha = band + 1 == bands && bands % 2 == 0;
          raster.samples.push_back(
              clamped(alpha ? alpha_at(raster, x, y)
                            : colour_at(raster, x, y, band, frame, look, grain(random))));
        }
      }
    }
  }
  return raster;
}

Buffer encode(const Raster& raster, const std::string& suffix, const Extras& extras) {
  const Image wrapped = wrap(raster);
  const Image image =
      suffix.contains("bitdepth=16") ? in_16_bits(wrapped.get()) : copy_of(wrapped.get());
  set_extras(image.get(), raster, extras);
  void* data = nullptr;
  std::size_t size = 0;
  if (vips_image_write_to_buffer(image.get(), suffix.c_str(), &data, &size, nullptr) != 0) {
    std::fputs(vips_error_buffer(), stderr);
    return {};
  }
  const std::unique_ptr<void, void (*)(void*)> owned(data, g_free);
  const auto* first = static_cast<const std::byte*>(data);
  return Buffer(first, first + size);
}

std::optional<Decoded> decode(Bytes file) {
  Image image = open(file);
  if (!image) return std::nullopt;
  Decoded out;
  out.sixteen_bits = image->BandFmt == VIPS_FORMAT_USHORT;
  out.orientation = vips_image_get_orientation(image.get());
  out.colour_space = vips_enum_nick(VIPS_TYPE_INTERPRETATION, image->Type);
  const void* icc = nullptr;
  std::size_t icc_size = 0;
  if (vips_image_get_typeof(image.get(), VIPS_META_ICC_NAME) != 0 &&
      vips_image_get_blob(image.get(), VIPS_META_ICC_NAME, &icc, &icc_size) == 0) {
    out.icc.assign(static_cast<const char*>(icc), icc_size);
  }
  int* delays = nullptr;
  int count = 0;
  if (vips_image_get_typeof(image.get(), "delay") != 0 &&
      vips_image_get_array_int(image.get(), "delay", &delays, &count) == 0) {
    out.delays_ms.assign(delays, delays + count);
  }
  if (vips_image_get_typeof(image.get(), "loop") != 0) {
    vips_image_get_int(image.get(), "loop", &out.loop);
  }
  image = in_8_bits(std::move(image));
  if (image) out.raster = raster_of(image.get());
  vips_error_clear();
  if (out.raster.samples.empty()) return std::nullopt;
  return out;
}

std::optional<Raster> decode_upright(Bytes file) {
  const Image image = open(file);
  VipsImage* turned = nullptr;
  if (!image || vips_autorot(image.get(), &turned, nullptr) != 0) return std::nullopt;
  const Image upright = in_8_bits(Image(turned));
  if (!upright) return std::nullopt;
  Raster raster = raster_of(upright.get());
  if (raster.samples.empty()) return std::nullopt;
  return raster;
}

namespace {

std::optional<Raster> thumbnail_of(Bytes file, const char* options, int width, int height) {
  start_vips();
  VipsImage* small = nullptr;
  // It does not change what it reads, but asks for a pointer that could.
  void* bytes = const_cast<std::byte*>(file.data());
  if (vips_thumbnail_buffer(bytes, file.size(), &small, width, "height", height, "size",
                            VIPS_SIZE_DOWN, "option_string", options, nullptr) != 0) {
    return std::nullopt;
  }
  const Image image = in_8_bits(Image(small));
  if (!image) return std::nullopt;
  return raster_of(image.get());
}

}  // namespace

std::optional<Raster> thumbnail(Bytes file, int width, int height) {
  return thumbnail_of(file, "", width, height);
}

std::optional<Raster> thumbnail_frames(Bytes file, int width, int height) {
  return thumbnail_of(file, "[n=-1]", width, height);
}

std::optional<Raster> in_srgb(Bytes file) {
  const Image image = open(file);
  VipsImage* converted = nullptr;
  if (!image || vips_icc_transform(image.get(), &converted, "srgb", "embedded", TRUE, "intent",
                                   VIPS_INTENT_PERCEPTUAL, nullptr) != 0) {
    return std::nullopt;
  }
  const Image owned(converted);
  return raster_of(owned.get());
}

// Invisible pixels are all alike, so colours count as much as they show.
double shown(const Raster& raster, std::size_t i) {
  const auto bands = static_cast<std::size_t>(raster.bands);
  if (bands % 2 != 0 || i % bands + 1 == bands) return raster.samples[i];
  return raster.samples[i] * raster.samples[i - i % bands + bands - 1] / 255.0;
}

double difference(const Raster& a, const Raster& b) {
  if (a.samples.size() != b.samples.size() || a.width != b.width || a.bands != b.bands)
    return 1'000;
  double sum = 0;
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    const double d = shown(a, i) - shown(b, i);
    sum += d * d;
  }
  return std::sqrt(sum / static_cast<double>(a.samples.size()));
}

int largest_difference(const Raster& a, const Raster& b, int band) {
  if (a.samples.size() != b.samples.size() || a.bands != b.bands) return 1'000;
  int largest = 0;
  for (auto i = static_cast<std::size_t>(band); i < a.samples.size();
       i += static_cast<std::size_t>(a.bands)) {
    largest = std::max(largest, std::abs(a.samples[i] - b.samples[i]));
  }
  return largest;
}

std::string icc_profile(const std::string& name) {
  start_vips();
  VipsBlob* blob = nullptr;
  if (vips_profile_load(name.c_str(), &blob, nullptr) != 0 || blob == nullptr) return {};
  std::size_t size = 0;
  const void* data = vips_blob_get(blob, &size);
  std::string out(static_cast<const char*>(data), size);
  vips_area_unref(VIPS_AREA(blob));
  return out;
}

bool contains(Bytes file, std::string_view text) { return text_of(file).contains(text); }

std::string text_of(Bytes file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

}  // namespace imgmill::codec_worker::samples
