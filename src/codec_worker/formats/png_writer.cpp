#include "codec_worker/formats/png_writer.h"

#include <memory>
#include <new>

#include <libdeflate.h>

#include "codec_worker/formats/png_filters.h"

namespace imgmill::codec_worker {
Buffer filter_rows(const PngImage& image) {
  const auto row_bytes = static_cast<std::size_t>(image.header.row_bytes(image.header.width));
  ExactFilter filter(image.header);
  Buffer out;
  out.reserve((row_bytes + 1) * image.header.height);
  for (std::size_t y = 0; y < image.header.height; ++y) {
    append(out, filter.next(Bytes(image.rows).subspan(y * row_bytes, row_bytes)));
  }
  return out;
}

void append_png_front(Buffer& out, const PngImage& image, Bytes before_palette,
                      Bytes behind_palette) {
  append_png_signature(out);
  append_png_header(out, image.header);
  append(out, before_palette);
  if (!image.palette.empty()) append_png_chunk(out, four("PLTE"), image.palette);
  if (!image.trns.empty()) append_png_chunk(out, four("tRNS"), image.trns);
  append(out, behind_palette);
}

Buffer write_png(const PngImage& image, Bytes filtered, int level, Bytes before_palette,
                 Bytes behind_palette) {
  using Deflater = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;
  const Deflater deflater(libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  if (!deflater) throw std::bad_alloc();
  const std::size_t bound = libdeflate_zlib_compress_bound(deflater.get(), filtered.size());
  const auto room =
      std::make_unique_for_overwrite<std::byte[]>(bound);  // most of it stays untouched
  const std::size_t size =
      libdeflate_zlib_compress(deflater.get(), filtered.data(), filtered.size(), room.get(), bound);
  const Bytes packed(room.get(), size);
  Buffer out;
  out.reserve(packed.size() + before_palette.size() + behind_palette.size() + 1'200);
  append_png_front(out, image, before_palette, behind_palette);
  append_png_chunk(out, four("IDAT"), packed);
  append_png_chunk(out, four("IEND"), {});
  return out;
}

}  // namespace imgmill::codec_worker
