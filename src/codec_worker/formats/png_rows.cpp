#include "codec_worker/formats/png_rows.h"

#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_filters.h"
#include "codec_worker/formats/png_icc.h"
#include "codec_worker/formats/png_near.h"
#include "codec_worker/formats/png_pixels.h"

namespace imgmill::codec_worker {
namespace {

PngColor color_of(PixelModel model) {
  switch (model) {
    case PixelModel::kGrey:
      return PngColor::kGrey;
    case PixelModel::kGreyAlpha:
      return PngColor::kGreyAlpha;
    case PixelModel::kRgb:
      return PngColor::kRgb;
    default:
      return PngColor::kRgba;
  }
}

class Writer final : public RowWriter {
 public:
  explicit Writer(int quality) : quality_(quality) {}

  void begin(PixelSize size, PixelModel model) override {
    image_.header = {size.width, size.height, 8, color_of(model), false};
    row_bytes_ = size.width * channels_of(model);
    if (png_error_max(quality_) > 0) {
      near_.emplace(image_.header, quality_);
    } else {
      exact_.emplace(image_.header);
    }
  }
  void row(const std::uint8_t* samples) override {
    const Bytes row = std::as_bytes(std::span(samples, row_bytes_));
    if (exact_) return packer_.add(exact_->next(row));
    near_->add(row, decided_);
    pack_decided();
  }
  Outcome<Coded> finish(Bytes icc) override {
    Buffer colours;
    append_png_icc(colours, icc);
    return finish_with(colours, {});
  }
  Coded finish_with(Bytes colours, Bytes orientation) {
    if (near_) near_->finish(decided_);
    pack_decided();
    return {packer_.finish(image_, colours, orientation),
            near_ ? RenderMethod::kNearLossless : RenderMethod::kLossless};
  }

 private:
  void pack_decided() {
    packer_.add(decided_);
    decided_.clear();
  }

  int quality_;
  std::size_t row_bytes_ = 0;
  PngImage image_;
  PngPacker packer_;
  std::optional<NearFilter> near_;
  Buffer decided_;  // by near_
  std::optional<ExactFilter> exact_;
};

// Palettes and what is to stay exact: only the packing is new.
Outcome<Coded> repack(PngRows& rows, Bytes orientation) {
  PngImage image{rows.header(), {}, {}, {}};
  image.header.interlaced = false;
  append(image.palette, rows.about().palette);
  append(image.trns, rows.about().trns);
  ExactFilter filter(image.header);
  PngPacker packer;
  for (std::uint32_t y = 0; y < image.header.height; ++y) {
    const auto row = rows.next();
    if (!row) return std::unexpected(row.error());
    packer.add(filter.next(*row));
  }
  return Coded(packer.finish(image, rows.about().colour_chunks, orientation),
               RenderMethod::kLossless);
}

// The source's own data go out, if they are whole.
Outcome<Coded> keep_if_whole(PngRows& rows, Bytes source) {
  if (rows.header().interlaced) {
    if (const auto read = read_png(source); !read) return std::unexpected(read.error());
    return Coded(Buffer{});
  }
  for (std::uint32_t y = 0; y < rows.header().height; ++y) {
    if (const auto row = rows.next(); !row) return std::unexpected(row.error());
  }
  return Coded(Buffer{});
}

bool stays_exact(const PngPixels& about, int quality) {
  if (about.header.color == PngColor::kPalette || about.header.depth < 8) return true;
  return about.header.depth == 16 && (png_error_max(quality) == 0 || about.linear_light);
}

}  // namespace

std::unique_ptr<RowWriter> write_png_rows(int quality) { return std::make_unique<Writer>(quality); }

Outcome<Coded> compress_large_png(Bytes source, int quality) {
  auto rows = PngRows::open(source);
  if (!rows) return std::unexpected(rows.error());
  const bool exact = stays_exact(rows->about(), quality);
  if (is_animated_png(source) || (exact && rows->header().interlaced)) {
    return keep_if_whole(*rows, source);
  }
  Buffer orientation;
  append_png_orientation(orientation, rows->about().exif);
  if (exact) return repack(*rows, orientation);
  Writer writer(quality);
  const auto colours = send_png_rows(source, false, writer);
  if (!colours) return std::unexpected(colours.error());
  return writer.finish_with(*colours, orientation);
}

}  // namespace imgmill::codec_worker
