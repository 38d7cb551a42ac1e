#include "codec_worker/formats/avif.h"

#include <memory>
#include <new>

#include <libheif/heif.h>

#include "codec_worker/formats/avif_decoder.h"

namespace imgmill::codec_worker {
namespace {

// libaom's scale: 8 is a fifth of the time of 6 for a tenth more bytes.
constexpr int kSpeed = 7;
constexpr int kFullChromaQuality = 90;

template <class T, auto Free>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
using Context = std::unique_ptr<heif_context, Freed<heif_context, heif_context_free>>;
using Handle =
    std::unique_ptr<heif_image_handle, Freed<heif_image_handle, heif_image_handle_release>>;
using Image = std::unique_ptr<heif_image, Freed<heif_image, heif_image_release>>;
using Encoder = std::unique_ptr<heif_encoder, Freed<heif_encoder, heif_encoder_release>>;

Outcome<void> judge(const heif_error& error) {
  if (error.code == heif_error_Ok) return {};
  if (error.code == heif_error_Memory_allocation_error &&
      error.subcode != heif_suberror_Security_limit_exceeded) {
    throw std::bad_alloc();
  }
  return corrupt("the AVIF is cut off or damaged");
}

struct Opened {
  Context context;
  Handle primary;
};

Context new_context() {
  register_single_threaded_av1();
  Context context(heif_context_alloc());
  if (!context) throw std::bad_alloc();
  heif_context_set_max_decoding_threads(context.get(), 0);  // of the tiles of a grid
  return context;
}

Outcome<Opened> open(Bytes source) {
  Opened out{new_context(), nullptr};
  auto read = judge(heif_context_read_from_memory_without_copy(out.context.get(), source.data(),
                                                               source.size(), nullptr));
  if (!read) return std::unexpected(read.error());
  if (heif_context_get_number_of_top_level_images(out.context.get()) > 1) {
    return unsupported("an AVIF of several pictures is not supported");
  }
  heif_image_handle* primary = nullptr;
  auto found = judge(heif_context_get_primary_image_handle(out.context.get(), &primary));
  if (!found) return std::unexpected(found.error());
  out.primary.reset(primary);
  return out;
}

Outcome<Image> decode(const heif_image_handle* primary) {
  heif_image* image = nullptr;
  auto decoded = judge(heif_decode_image(primary, &image, heif_colorspace_undefined,
                                         heif_chroma_undefined, nullptr));
  if (!decoded) return std::unexpected(decoded.error());
  return Image(image);
}

Encoder new_encoder(heif_context* context, const heif_image* image, int quality) {
  heif_encoder* raw = nullptr;
  const auto got = heif_context_get_encoder_for_format(context, heif_compression_AV1, &raw);
  if (got.code != heif_error_Ok) return nullptr;
  Encoder encoder(raw);
  const bool full_chroma =
      quality >= kFullChromaQuality && heif_image_get_chroma_format(image) == heif_chroma_444;
  // Each of these exists in libaom's plugin; a missing one would only mean its default.
  heif_encoder_set_lossy_quality(raw, quality);
  heif_encoder_set_parameter_integer(raw, "speed", kSpeed);
  heif_encoder_set_parameter_integer(raw, "threads", 1);
  heif_encoder_set_parameter_boolean(raw, "lossless-alpha", 1);
  heif_encoder_set_parameter_string(raw, "chroma", full_chroma ? "444" : "420");
  return encoder;
}

heif_error append_written(heif_context*, const void* data, std::size_t size, void* out) {
  append(*static_cast<Buffer*>(out), Bytes(static_cast<const std::byte*>(data), size));
  return {heif_error_Ok, heif_suberror_Unspecified, ""};
}

Outcome<Buffer> encode(heif_image* image, int quality) {
  const Context context = new_context();
  const Encoder encoder = new_encoder(context.get(), image, quality);
  if (!encoder) return unsupported("AVIF cannot be written on this machine");
  heif_image_handle* handle = nullptr;
  auto encoded =
      judge(heif_context_encode_image(context.get(), image, encoder.get(), nullptr, &handle));
  if (!encoded) return std::unexpected(encoded.error());
  const Handle owned(handle);
  Buffer out;
  heif_writer writer{1, append_written};
  auto written = judge(heif_context_write(context.get(), &writer, &out));
  if (!written) return std::unexpected(written.error());
  return out;
}

}  // namespace

void warm_up_avif() {
  constexpr int kSize = 64;
  register_single_threaded_av1();
  heif_image* image = nullptr;
  heif_image_create(kSize, kSize, heif_colorspace_monochrome, heif_chroma_monochrome, &image);
  const Image owned(image);
  heif_image_add_plane(image, heif_channel_Y, kSize, kSize, 8);
  if (const auto file = encode(image, 50)) static_cast<void>(compress_avif(*file, 50));
}

Outcome<PictureInfo> inspect_avif(Bytes source) {
  const auto opened = open(source);
  if (!opened) return std::unexpected(opened.error());
  PictureInfo info;
  info.width = static_cast<std::uint32_t>(heif_image_handle_get_width(opened->primary.get()));
  info.height = static_cast<std::uint32_t>(heif_image_handle_get_height(opened->primary.get()));
  if (info.width == 0 || info.height == 0) return corrupt("the AVIF's header is damaged");
  info.add_frame(info.width, info.height);
  return info;
}

Outcome<Buffer> compress_avif(Bytes source, int quality) {
  const auto opened = open(source);
  if (!opened) return std::unexpected(opened.error());
  const auto image = decode(opened->primary.get());
  if (!image) return std::unexpected(image.error());
  return encode(image->get(), quality);
}

}  // namespace imgmill::codec_worker
