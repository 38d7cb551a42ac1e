#include "codec_worker/formats/heif_pixels.h"

#include <algorithm>
#include <new>

#include "codec_worker/formats/heif_file.h"
#include "codec_worker/formats/hevc_decoder.h"
#include "codec_worker/formats/icc.h"
#include "model/recipe.h"

namespace imgmill::codec_worker {
namespace {

// What libheif, and so most programs, read at most.
constexpr std::uint32_t kAvifSideMax = 32'768;

using Options = std::unique_ptr<heif_decoding_options,
                                HeifFreed<heif_decoding_options, heif_decoding_options_free>>;
using Nclx = std::unique_ptr<heif_color_profile_nclx,
                             HeifFreed<heif_color_profile_nclx, heif_nclx_color_profile_free>>;

Outcome<Buffer> icc_of(const heif_image_handle* handle) {
  Buffer icc(heif_image_handle_get_raw_color_profile_size(handle));
  if (!icc.empty()) {
    auto read = judge_heif(heif_image_handle_get_raw_color_profile(handle, icc.data()));
    if (!read) return std::unexpected(read.error());
    return icc;
  }
  heif_color_profile_nclx* raw = nullptr;
  if (heif_image_handle_get_nclx_color_profile(handle, &raw).code != heif_error_Ok) return icc;
  const Nclx nclx(raw);
  return icc_of_code_points(nclx->color_primaries, nclx->transfer_characteristics);
}

void describe_as_srgb(heif_image* image) {
  const Nclx nclx(heif_nclx_color_profile_alloc());
  if (!nclx) throw std::bad_alloc();
  nclx->color_primaries = heif_color_primaries_ITU_R_BT_709_5;
  nclx->transfer_characteristics = heif_transfer_characteristic_IEC_61966_2_1;
  nclx->matrix_coefficients = heif_matrix_coefficients_ITU_R_BT_601_6;
  nclx->full_range_flag = 1;
  heif_image_set_nclx_color_profile(image, nclx.get());
}

// Copies every `step`th sample from `from` on into a new plane of `image`.
Outcome<void> add_plane(heif_image* image, heif_channel channel, const Pixmap& picture,
                        std::size_t from, std::size_t step) {
  const auto width = static_cast<int>(picture.size.width);
  const auto height = static_cast<int>(picture.size.height);
  auto added = judge_heif(heif_image_add_plane(image, channel, width, height, 8));
  if (!added) return added;
  int stride = 0;
  std::uint8_t* plane = heif_image_get_plane(image, channel, &stride);
  for (std::size_t y = 0; y < picture.size.height; ++y) {
    const std::uint8_t* samples = picture.row(y) + from;
    std::uint8_t* out = plane + static_cast<std::ptrdiff_t>(y) * stride;
    for (std::size_t x = 0; x < picture.size.width; ++x) out[x] = samples[x * step];
  }
  return {};
}

Outcome<HeifImage> new_image(const Pixmap& picture) {
  const bool grey = is_grey(picture.model);
  heif_image* raw = nullptr;
  auto created = judge_heif(
      heif_image_create(static_cast<int>(picture.size.width), static_cast<int>(picture.size.height),
                        grey ? heif_colorspace_monochrome : heif_colorspace_RGB,
                        grey ? heif_chroma_monochrome : heif_chroma_444, &raw));
  if (!created) return std::unexpected(created.error());
  return HeifImage(raw);
}

Outcome<void> fill(heif_image* image, const Pixmap& picture) {
  constexpr std::array kColours{heif_channel_R, heif_channel_G, heif_channel_B};
  const std::size_t channels = channels_of(picture.model);
  if (is_grey(picture.model)) {
    if (auto done = add_plane(image, heif_channel_Y, picture, 0, channels); !done) return done;
  }
  for (std::size_t c = 0; !is_grey(picture.model) && c < kColours.size(); ++c) {
    if (auto done = add_plane(image, kColours[c], picture, c, channels); !done) return done;
  }
  if (!has_alpha(picture.model)) return {};
  return add_plane(image, heif_channel_Alpha, picture, channels - 1, channels);
}

}  // namespace

void warm_up_heic() { register_single_threaded_hevc(); }

Outcome<PictureInfo> inspect_heic(Bytes source) {
  const auto file = open_heif(source);
  if (!file) return std::unexpected(file.error());
  return inspect_heif(*file, SourceKind::kHeic);
}

Outcome<Buffer> decode_heif(Bytes source, PixelSize, RowSink& sink) {
  const auto file = open_heif(source);
  if (!file) return std::unexpected(file.error());
  const heif_image_handle* handle = file->primary.get();
  const bool alpha = heif_image_handle_has_alpha_channel(handle) != 0;
  const Options options(heif_decoding_options_alloc());
  if (!options) throw std::bad_alloc();
  options->convert_hdr_to_8bit = 1;
  heif_image* raw = nullptr;
  auto decoded = judge_heif(heif_decode_image(
      handle, &raw, heif_colorspace_RGB,
      alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, options.get()));
  if (!decoded) return std::unexpected(decoded.error());
  const HeifImage image(raw);
  int stride = 0;
  const std::uint8_t* rows = heif_image_get_plane_readonly(raw, heif_channel_interleaved, &stride);
  if (rows == nullptr) return corrupt("the AVIF or HEIC cannot be decoded");
  const PixelSize size{
      static_cast<std::uint32_t>(heif_image_get_width(raw, heif_channel_interleaved)),
      static_cast<std::uint32_t>(heif_image_get_height(raw, heif_channel_interleaved))};
  sink.begin(size, alpha ? PixelModel::kRgba : PixelModel::kRgb);
  for (std::uint32_t y = 0; y < size.height; ++y) sink.row(rows + std::ptrdiff_t{y} * stride);
  return icc_of(handle);
}

Outcome<Coded> encode_avif(Pixmap picture, Bytes icc, int quality) {
  if (std::max(picture.size.width, picture.size.height) > kAvifSideMax) {
    return unsupported(
        "an AVIF has at most 32768 pixels a side: ask for a max_width or max_height");
  }
  const auto image = new_image(picture);
  if (!image) return std::unexpected(image.error());
  if (auto filled = fill(image->get(), picture); !filled) return std::unexpected(filled.error());
  picture = {};
  describe_as_srgb(image->get());
  if (!icc.empty()) {
    heif_image_set_raw_color_profile(image->get(), "prof", icc.data(), icc.size());
  }
  return encode_av1(image->get(), quality, quality >= kFullChromaQuality);
}

}  // namespace imgmill::codec_worker
