#include "codec_worker/formats/hevc_decoder.h"

#include <array>
#include <climits>
#include <cstring>
#include <memory>
#include <new>

#include <libde265/de265.h>
#include <libheif/heif.h>
#include <libheif/heif_plugin.h>

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker {
namespace {

// Above libheif's own 100 for libde265.
constexpr int kPriority = 200;
// A frame's own header may promise more than the container's, which was checked: 16384 × 8192.
constexpr std::int64_t kFramePixelsMax = 1 << 27;

constexpr heif_error kFine{heif_error_Ok, heif_suberror_Unspecified, "Success"};
constexpr heif_error kFailed{heif_error_Decoder_plugin_error, heif_suberror_Unspecified, "HEVC"};
constexpr heif_error kNoMemory{heif_error_Memory_allocation_error, heif_suberror_Unspecified,
                               "HEVC"};

struct FreeDecoder {
  void operator()(de265_decoder_context* decoder) const { de265_free_decoder(decoder); }
};
using Decoder = std::unique_ptr<de265_decoder_context, FreeDecoder>;

de265_decoder_context* self(void* decoder) { return static_cast<de265_decoder_context*>(decoder); }

int get_buffer(de265_decoder_context* context, de265_image_spec* spec, de265_image* image,
               void* user_data) {
  if (std::int64_t{spec->width} * spec->height > kFramePixelsMax) return 0;
  return de265_get_default_image_allocation_functions()->get_buffer(context, spec, image,
                                                                    user_data);
}

heif_error new_decoder(void** out) {
  Decoder decoder(de265_new_decoder());
  if (!decoder) return kNoMemory;
  de265_image_allocation allocation = *de265_get_default_image_allocation_functions();
  allocation.get_buffer = get_buffer;
  de265_set_image_allocation_functions(decoder.get(), &allocation, nullptr);
  *out = decoder.release();
  return kFine;
}

// NAL units, each with its length in front.
heif_error push_data(void* decoder, const void* bytes, size_t size) {
  ByteReader reader(Bytes(static_cast<const std::byte*>(bytes), size));
  while (reader.left() > 0) {
    const std::uint32_t length = reader.be32();
    const Bytes unit = reader.take(length);
    if (!reader.ok() || length > INT_MAX) return kFailed;
    de265_push_NAL(self(decoder), unit.data(), static_cast<int>(unit.size()), 0, nullptr);
  }
  return kFine;
}

heif_chroma chroma_of(de265_chroma chroma) {
  switch (chroma) {
    case de265_chroma_mono:
      return heif_chroma_monochrome;
    case de265_chroma_420:
      return heif_chroma_420;
    case de265_chroma_422:
      return heif_chroma_422;
    case de265_chroma_444:
      return heif_chroma_444;
  }
  return heif_chroma_undefined;
}

bool copy_plane(const de265_image* frame, int index, heif_image* image) {
  constexpr std::array kChannels{heif_channel_Y, heif_channel_Cb, heif_channel_Cr};
  const heif_channel channel = kChannels[static_cast<std::size_t>(index)];
  const int width = de265_get_image_width(frame, index);
  const int height = de265_get_image_height(frame, index);
  const int bits = de265_get_bits_per_pixel(frame, index);
  if (width <= 0 || height <= 0 ||
      heif_image_add_plane(image, channel, width, height, bits).code != heif_error_Ok) {
    return false;
  }
  int source_stride = 0;
  int stride = 0;
  const std::uint8_t* source = de265_get_image_plane(frame, index, &source_stride);
  std::uint8_t* target = heif_image_get_plane(image, channel, &stride);
  if (source == nullptr || target == nullptr) return false;
  const auto row_bytes = static_cast<std::size_t>(width) * (bits > 8 ? 2 : 1);
  for (int y = 0; y < height; ++y) {
    std::memcpy(target + std::ptrdiff_t{y} * stride, source + std::ptrdiff_t{y} * source_stride,
                row_bytes);
  }
  return true;
}

// The frame says what its numbers mean; the container may say otherwise and then wins.
void describe_colours(const de265_image* frame, heif_image* image) {
  heif_color_profile_nclx* nclx = heif_nclx_color_profile_alloc();
  if (nclx == nullptr) return;
  heif_nclx_color_profile_set_color_primaries(
      nclx, static_cast<std::uint16_t>(de265_get_image_colour_primaries(frame)));
  heif_nclx_color_profile_set_transfer_characteristics(
      nclx, static_cast<std::uint16_t>(de265_get_image_transfer_characteristics(frame)));
  heif_nclx_color_profile_set_matrix_coefficients(
      nclx, static_cast<std::uint16_t>(de265_get_image_matrix_coefficients(frame)));
  nclx->full_range_flag = de265_get_image_full_range_flag(frame) != 0;
  heif_image_set_nclx_color_profile(image, nclx);
  heif_nclx_color_profile_free(nclx);
}

heif_error convert(const de265_image* frame, heif_image** out) {
  const heif_chroma chroma = chroma_of(de265_get_chroma_format(frame));
  const bool grey = chroma == heif_chroma_monochrome;
  heif_image* image = nullptr;
  const heif_error created =
      heif_image_create(de265_get_image_width(frame, 0), de265_get_image_height(frame, 0),
                        grey ? heif_colorspace_monochrome : heif_colorspace_YCbCr, chroma, &image);
  if (created.code != heif_error_Ok) return created;
  for (int i = 0; i < (grey ? 1 : 3); ++i) {
    if (copy_plane(frame, i, image)) continue;
    heif_image_release(image);
    return kFailed;
  }
  describe_colours(frame, image);
  *out = image;
  return kFine;
}

// The item is one frame: the first that comes is it.
heif_error decode_image(void* decoder, heif_image** out) {
  if (de265_flush_data(self(decoder)) != DE265_OK) return kFailed;
  for (int more = 1; more != 0;) {
    const de265_error error = de265_decode(self(decoder), &more);
    if (error == DE265_ERROR_OUT_OF_MEMORY) return kNoMemory;
    if (error != DE265_OK) return kFailed;
    const de265_image* frame = de265_get_next_picture(self(decoder));
    if (frame != nullptr) return convert(frame, out);
  }
  return kFailed;
}

constexpr heif_decoder_plugin kPlugin{
    .plugin_api_version = 3,
    .get_plugin_name = [] { return "libde265 in one thread"; },
    .init_plugin = [] { de265_init(); },
    .deinit_plugin = [] { de265_free(); },
    .does_support_format =
        [](heif_compression_format format) {
          return format == heif_compression_HEVC ? kPriority : 0;
        },
    .new_decoder = new_decoder,
    .free_decoder = [](void* decoder) { de265_free_decoder(self(decoder)); },
    .push_data = push_data,
    .decode_image = decode_image,
    .set_strict_decoding = [](void*, int) {},
    .id_name = "libde265-single",
};

}  // namespace

void register_single_threaded_hevc() {
  static const heif_error registered = heif_register_decoder_plugin(&kPlugin);
  static_cast<void>(registered);
}

}  // namespace imgmill::codec_worker
