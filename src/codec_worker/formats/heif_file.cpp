#include "codec_worker/formats/heif_file.h"

#include <new>

#include "codec_worker/formats/avif_decoder.h"
#include "codec_worker/formats/hevc_decoder.h"

namespace imgmill::codec_worker {
namespace {

// libaom's scale: 8 is a fifth of the time of 6 for a tenth more bytes.
constexpr int kSpeed = 7;

using Encoder = std::unique_ptr<heif_encoder, HeifFreed<heif_encoder, heif_encoder_release>>;

Encoder new_encoder(heif_context* context, int quality, bool full_chroma) {
  heif_encoder* raw = nullptr;
  const auto got = heif_context_get_encoder_for_format(context, heif_compression_AV1, &raw);
  if (got.code != heif_error_Ok) return nullptr;
  Encoder encoder(raw);
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

}  // namespace

Outcome<void> judge_heif(const heif_error& error) {
  if (error.code == heif_error_Ok) return {};
  if (error.code == heif_error_Memory_allocation_error &&
      error.subcode != heif_suberror_Security_limit_exceeded) {
    throw std::bad_alloc();
  }
  return corrupt("the AVIF or HEIC is cut off or damaged");
}

HeifContext new_heif_context() {
  register_single_threaded_av1();
  register_single_threaded_hevc();
  HeifContext context(heif_context_alloc());
  if (!context) throw std::bad_alloc();
  heif_context_set_max_decoding_threads(context.get(), 0);  // of the tiles of a grid
  return context;
}

Outcome<HeifFile> open_heif(Bytes source) {
  HeifFile out{new_heif_context(), nullptr};
  auto read = judge_heif(heif_context_read_from_memory_without_copy(
      out.context.get(), source.data(), source.size(), nullptr));
  if (!read) return std::unexpected(read.error());
  heif_image_handle* primary = nullptr;
  auto found = judge_heif(heif_context_get_primary_image_handle(out.context.get(), &primary));
  if (!found) return std::unexpected(found.error());
  out.primary.reset(primary);
  return out;
}

Outcome<PictureInfo> inspect_heif(const HeifFile& file, SourceKind kind) {
  PictureInfo info;
  info.width = static_cast<std::uint32_t>(heif_image_handle_get_width(file.primary.get()));
  info.height = static_cast<std::uint32_t>(heif_image_handle_get_height(file.primary.get()));
  if (info.width == 0 || info.height == 0) return corrupt("the header is damaged");
  info.add_frame(info.width, info.height);
  info.kind = kind;
  if (heif_image_handle_has_alpha_channel(file.primary.get()) != 0) info.channels = 4;
  return info;
}

Outcome<Buffer> encode_av1(heif_image* image, int quality, bool full_chroma) {
  const HeifContext context = new_heif_context();
  const Encoder encoder = new_encoder(context.get(), quality, full_chroma);
  if (!encoder) return unsupported("AVIF cannot be written on this machine");
  heif_image_handle* handle = nullptr;
  auto encoded =
      judge_heif(heif_context_encode_image(context.get(), image, encoder.get(), nullptr, &handle));
  if (!encoded) return std::unexpected(encoded.error());
  const HeifHandle owned(handle);
  Buffer out;
  heif_writer writer{1, append_written};
  auto written = judge_heif(heif_context_write(context.get(), &writer, &out));
  if (!written) return std::unexpected(written.error());
  return out;
}

}  // namespace imgmill::codec_worker
