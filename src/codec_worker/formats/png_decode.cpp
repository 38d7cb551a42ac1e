// PNG to rows of pixels, for a change of format or size and for large pictures.
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_icc.h"
#include "codec_worker/formats/png_pixels.h"
#include "codec_worker/formats/png_samples.h"

namespace imgmill::codec_worker {
namespace {

// The model that the rows of a picture fit into without loss.
PixelModel model_of(const PngPixels& source) {
  const bool alpha = !source.trns.empty();
  switch (source.header.color) {
    case PngColor::kGrey:
      return alpha ? PixelModel::kGreyAlpha : PixelModel::kGrey;
    case PngColor::kGreyAlpha:
      return PixelModel::kGreyAlpha;
    case PngColor::kRgb:
    case PngColor::kPalette:
      return alpha ? PixelModel::kRgba : PixelModel::kRgb;
    case PngColor::kRgba:
      return PixelModel::kRgba;
  }
  return PixelModel::kRgba;
}

// Takes pixels to samples, row by row.
class RowSender {
 public:
  RowSender(const PngPixels& about, bool screen_gamma, RowSink& sink)
      : model_(model_of(about)),
        samples_(about, screen_gamma),
        pixels_(about.header.width),
        row_(about.header.width * channels_of(model_)),
        sink_(sink) {
    sink.begin({about.header.width, about.header.height}, model_);
  }

  void send(Bytes packed) {
    samples_.convert_row(packed, pixels_.data());
    const std::size_t channels = channels_of(model_);
    std::uint8_t* out = row_.data();
    for (const std::uint32_t pixel : pixels_) {
      const auto rgba = unpack_rgba(pixel);
      std::memcpy(out, rgba.data(), channels - (has_alpha(model_) ? 1 : 0));
      if (has_alpha(model_)) out[channels - 1] = rgba[3];
      out += channels;
    }
    sink_.row(row_.data());
  }

 private:
  PixelModel model_;
  PngSamples samples_;
  std::vector<std::uint32_t> pixels_;
  std::vector<std::uint8_t> row_;
  RowSink& sink_;
};

void send_whole(const PngPixels& source, bool screen_gamma, RowSink& sink) {
  RowSender sender(source, screen_gamma, sink);
  const auto row_bytes = static_cast<std::size_t>(source.header.row_bytes(source.header.width));
  for (std::size_t y = 0; y < source.header.height; ++y) {
    sender.send(Bytes(source.rows).subspan(y * row_bytes, row_bytes));
  }
}

Outcome<void> send_one_by_one(PngRows& rows, bool screen_gamma, RowSink& sink) {
  RowSender sender(rows.about(), screen_gamma, sink);
  for (std::uint32_t y = 0; y < rows.header().height; ++y) {
    const auto row = rows.next();
    if (!row) return std::unexpected(row.error());
    sender.send(*row);
  }
  return {};
}

}  // namespace

bool is_animated_png(Bytes source) {
  PngChunks chunks(source);
  while (const auto chunk = chunks.next()) {
    if (chunk->type == four("acTL")) return true;
    if (chunk->type == four("IDAT")) return false;
  }
  return false;
}

Outcome<Buffer> send_png_rows(Bytes source_bytes, bool screen_gamma, RowSink& sink) {
  const auto header = read_png_header(source_bytes);
  if (!header) return std::unexpected(header.error());
  if (is_large_png(*header) && !header->interlaced) {
    auto rows = PngRows::open(source_bytes);
    if (!rows) return std::unexpected(rows.error());
    if (auto sent = send_one_by_one(*rows, screen_gamma, sink); !sent) {
      return std::unexpected(sent.error());
    }
    return rows->about().colour_chunks;
  }
  auto source = read_png(source_bytes);
  if (!source) return std::unexpected(source.error());
  send_whole(*source, screen_gamma, sink);
  return std::move(source->colour_chunks);
}

Outcome<Buffer> decode_png(Bytes source, PixelSize, RowSink& sink) {
  if (is_animated_png(source)) {
    return unsupported("an animated PNG can only stay as it is: ask for no format and no size");
  }
  const auto colour_chunks = send_png_rows(source, true, sink);
  if (!colour_chunks) return std::unexpected(colour_chunks.error());
  return png_icc(*colour_chunks);
}

}  // namespace imgmill::codec_worker
