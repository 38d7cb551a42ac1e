#include "codec_worker/formats/avif.h"

#include "codec_worker/formats/heif_file.h"
#include "model/recipe.h"

namespace imgmill::codec_worker {
namespace {

Outcome<HeifFile> open(Bytes source) {
  auto file = open_heif(source);
  if (file && heif_context_get_number_of_top_level_images(file->context.get()) > 1) {
    return unsupported("an AVIF of several pictures is not supported");
  }
  return file;
}

}  // namespace

void warm_up_avif() {
  constexpr int kSize = 64;
  heif_image* image = nullptr;
  heif_image_create(kSize, kSize, heif_colorspace_monochrome, heif_chroma_monochrome, &image);
  const HeifImage owned(image);
  heif_image_add_plane(image, heif_channel_Y, kSize, kSize, 8);
  if (const auto file = encode_av1(image, 50, false)) {
    static_cast<void>(compress_avif(*file, 50));
  }
}

Outcome<PictureInfo> inspect_avif(Bytes source) {
  const auto file = open(source);
  if (!file) return std::unexpected(file.error());
  return inspect_heif(*file, SourceKind::kAvif);
}

Outcome<Buffer> compress_avif(Bytes source, int quality) {
  const auto file = open(source);
  if (!file) return std::unexpected(file.error());
  heif_image* raw = nullptr;
  auto decoded = judge_heif(heif_decode_image(file->primary.get(), &raw, heif_colorspace_undefined,
                                              heif_chroma_undefined, nullptr));
  if (!decoded) return std::unexpected(decoded.error());
  const HeifImage image(raw);
  const bool full_chroma =
      quality >= kFullChromaQuality && heif_image_get_chroma_format(raw) == heif_chroma_444;
  return encode_av1(raw, quality, full_chroma);
}

}  // namespace imgmill::codec_worker
