#include "codec_worker/formats/avif_decoder.h"

#include <array>
#include <cstring>
#include <memory>
#include <new>

#include <dav1d/dav1d.h>
#include <libheif/heif.h>
#include <libheif/heif_plugin.h>

namespace imgmill::codec_worker {
namespace {

// Above libheif's own 150 for dav1d.
constexpr int kPriority = 200;
// A frame's own header may promise more than the container's, which was checked: 16384 × 8192.
constexpr unsigned kFramePixelsMax = 1U << 27;

constexpr heif_error kFine{heif_error_Ok, heif_suberror_Unspecified, "Success"};
constexpr heif_error kFailed{heif_error_Decoder_plugin_error, heif_suberror_Unspecified, "AV1"};
constexpr heif_error kNoMemory{heif_error_Memory_allocation_error, heif_suberror_Unspecified,
                               "AV1"};

struct Decoder {
  Decoder() {
    dav1d_default_settings(&settings);
    settings.n_threads = 1;
    settings.max_frame_delay = 1;
    settings.frame_size_limit = kFramePixelsMax;
    settings.all_layers = 0;
    settings.logger = {nullptr, nullptr};
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() {
    dav1d_data_unref(&data);
    dav1d_picture_unref(&picture);
    if (context != nullptr) dav1d_close(&context);
  }

  Dav1dSettings settings{};
  Dav1dContext* context = nullptr;
  Dav1dData data{};
  Dav1dPicture picture{};
};

Decoder& self(void* decoder) { return *static_cast<Decoder*>(decoder); }

heif_error new_decoder(void** out) {
  auto decoder = std::unique_ptr<Decoder>(new (std::nothrow) Decoder);
  if (!decoder || dav1d_open(&decoder->context, &decoder->settings) != 0) return kNoMemory;
  *out = decoder.release();
  return kFine;
}

void free_decoder(void* decoder) { delete static_cast<Decoder*>(decoder); }

heif_error push_data(void* decoder, const void* bytes, size_t size) {
  if (size == 0) return kFailed;
  Dav1dData& data = self(decoder).data;
  if (data.sz != 0) return kFailed;  // one item is one frame
  std::uint8_t* room = dav1d_data_create(&data, size);
  if (room == nullptr) return kNoMemory;
  std::memcpy(room, bytes, size);
  return kFine;
}

// Feeds what was pushed until the first picture comes out.
bool next_picture(Decoder& decoder) {
  while (true) {
    if (decoder.data.sz > 0) {
      const int sent = dav1d_send_data(decoder.context, &decoder.data);
      if (sent < 0 && sent != DAV1D_ERR(EAGAIN)) return false;
    }
    const int got = dav1d_get_picture(decoder.context, &decoder.picture);
    if (got == 0) return true;
    if (got != DAV1D_ERR(EAGAIN) || decoder.data.sz == 0) return false;
  }
}

heif_chroma chroma_of(Dav1dPixelLayout layout) {
  switch (layout) {
    case DAV1D_PIXEL_LAYOUT_I400:
      return heif_chroma_monochrome;
    case DAV1D_PIXEL_LAYOUT_I420:
      return heif_chroma_420;
    case DAV1D_PIXEL_LAYOUT_I422:
      return heif_chroma_422;
    case DAV1D_PIXEL_LAYOUT_I444:
      return heif_chroma_444;
  }
  return heif_chroma_undefined;
}

// Copies plane `index` of the frame into a new plane of `image`.
bool copy_plane(const Dav1dPicture& frame, int index, heif_image* image) {
  constexpr std::array kChannels{heif_channel_Y, heif_channel_Cb, heif_channel_Cr};
  const auto layout = frame.p.layout;
  const bool half_width = index > 0 && layout != DAV1D_PIXEL_LAYOUT_I444;
  const bool half_height = index > 0 && layout == DAV1D_PIXEL_LAYOUT_I420;
  const int width = half_width ? (frame.p.w + 1) / 2 : frame.p.w;
  const int height = half_height ? (frame.p.h + 1) / 2 : frame.p.h;
  const heif_channel channel = kChannels[static_cast<std::size_t>(index)];
  if (heif_image_add_plane(image, channel, width, height, frame.p.bpc).code != heif_error_Ok) {
    return false;
  }
  int stride = 0;
  std::uint8_t* target = heif_image_get_plane(image, channel, &stride);
  if (target == nullptr) return false;
  const auto* source = static_cast<const std::uint8_t*>(frame.data[index]);
  const auto row_bytes = static_cast<std::size_t>(width) * (frame.p.bpc > 8 ? 2 : 1);
  for (int y = 0; y < height; ++y) {
    std::memcpy(target + std::ptrdiff_t{y} * stride, source + y * frame.stride[index > 0],
                row_bytes);
  }
  return true;
}

// The frame says what its numbers mean; the container may say otherwise and then wins.
void describe_colours(const Dav1dPicture& frame, heif_image* image) {
  heif_color_profile_nclx* nclx = heif_nclx_color_profile_alloc();
  if (nclx == nullptr) return;
  const Dav1dSequenceHeader& header = *frame.seq_hdr;
  heif_nclx_color_profile_set_color_primaries(nclx, static_cast<std::uint16_t>(header.pri));
  heif_nclx_color_profile_set_transfer_characteristics(nclx,
                                                       static_cast<std::uint16_t>(header.trc));
  heif_nclx_color_profile_set_matrix_coefficients(nclx, static_cast<std::uint16_t>(header.mtrx));
  nclx->full_range_flag = header.color_range != 0;
  heif_image_set_nclx_color_profile(image, nclx);
  heif_nclx_color_profile_free(nclx);
}

heif_error decode_image(void* decoder, heif_image** out) {
  Decoder& state = self(decoder);
  if (!next_picture(state)) return kFailed;
  const Dav1dPicture& frame = state.picture;
  const heif_chroma chroma = chroma_of(frame.p.layout);
  const heif_colorspace space =
      chroma == heif_chroma_monochrome ? heif_colorspace_monochrome : heif_colorspace_YCbCr;
  heif_image* image = nullptr;
  const heif_error created = heif_image_create(frame.p.w, frame.p.h, space, chroma, &image);
  if (created.code != heif_error_Ok) return created;
  const int planes = chroma == heif_chroma_monochrome ? 1 : 3;
  for (int i = 0; i < planes; ++i) {
    if (copy_plane(frame, i, image)) continue;
    heif_image_release(image);
    return kNoMemory;
  }
  describe_colours(frame, image);
  *out = image;
  return kFine;
}

constexpr heif_decoder_plugin kPlugin{
    .plugin_api_version = 3,
    .get_plugin_name = [] { return "dav1d in one thread"; },
    .init_plugin = nullptr,
    .deinit_plugin = nullptr,
    .does_support_format =
        [](heif_compression_format format) {
          return format == heif_compression_AV1 ? kPriority : 0;
        },
    .new_decoder = new_decoder,
    .free_decoder = free_decoder,
    .push_data = push_data,
    .decode_image = decode_image,
    .set_strict_decoding = [](void*, int) {},
    .id_name = "dav1d-single",
};

}  // namespace

void register_single_threaded_av1() {
  static const heif_error registered = heif_register_decoder_plugin(&kPlugin);
  static_cast<void>(registered);
}

}  // namespace imgmill::codec_worker
