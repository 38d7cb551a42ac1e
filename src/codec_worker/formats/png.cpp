#include "codec_worker/formats/png.h"

#include "codec_worker/formats/png_colors.h"
#include "codec_worker/formats/png_icc.h"
#include "codec_worker/formats/png_near.h"
#include "codec_worker/formats/png_pixels.h"
#include "codec_worker/formats/png_rows.h"
#include "codec_worker/formats/png_samples.h"
#include "codec_worker/formats/png_writer.h"

namespace imgmill::codec_worker {
namespace {

// Of libdeflate's 12. On photos 6 is its best rate for the time; what is rounded packs 3 % worse at
// 5 but in two thirds of the time; indices are few bytes, so 9 is cheap.
constexpr int kSampleLevel = 6;
constexpr int kNearLevel = 5;
constexpr int kIndexLevel = 9;
// With so much of one colour a picture is drawn, not photographed, or it is a photo cut out: a
// palette of chosen colours may pay.
constexpr double kDrawnFlatShare = 0.2;
// A palette of more colours than this does not beat grey samples.
constexpr std::size_t kFewGreys = 16;
// A grey picture never has more than 256 colours; one of so many, not drawn, is a photo.
constexpr std::size_t kGreyPhotoColors = 64;
constexpr int kLossless = 100;

// Collects candidates and keeps the smallest.
class Smallest {
 public:
  // Whole chunks that stand in front of the palette, and behind it.
  Smallest(Bytes colours, Buffer orientation)
      : colours_(colours), orientation_(std::move(orientation)), best_(Buffer{}) {}
  void offer(const PngImage& image, Bytes filtered, int level, RenderMethod method) {
    Buffer file = write_png(image, filtered, level, colours_, orientation_);
    if (best_.bytes.empty() || file.size() < best_.bytes.size()) best_ = {std::move(file), method};
  }
  [[nodiscard]] Coded take() { return std::move(best_); }

 private:
  Bytes colours_;
  Buffer orientation_;
  Coded best_;
};

Buffer orientation_chunk(Bytes exif) {
  Buffer out;
  append_png_orientation(out, exif);
  return out;
}

bool is_grey_model(PngColor color) {
  return color == PngColor::kGrey || color == PngColor::kGreyAlpha;
}

// 16-bit samples as they are; only the compression is new.
void offer_as_is(PngPixels& source, Smallest& smallest) {
  PngImage image{source.header, std::move(source.rows), {}, {}};
  image.header.interlaced = false;
  append(image.trns, source.trns);
  smallest.offer(image, filter_rows(image), kSampleLevel, RenderMethod::kLossless);
}

// Which models an ICC profile allows: one for RGB means nothing to grey samples, and the reverse.
struct Models {
  bool grey;
  bool rgb;
};

void offer_exact(const RgbaPicture& picture, const ColorCensus& census, Models models,
                 Smallest& smallest) {
  const bool grey = census.grey && models.grey;
  if (!census.colors.empty() && models.rgb) {
    const PngImage image = exact_palette(picture, census);
    smallest.offer(image, filter_rows(image), kIndexLevel, RenderMethod::kLossless);
    if (!grey || census.colors.size() <= kFewGreys) return;
  }
  PngImage image = direct_samples(picture, grey, census.opaque);
  const Buffer filtered = filter_rows(image);
  image.rows = {};
  smallest.offer(image, filtered, kSampleLevel, RenderMethod::kLossless);
}

void offer_near(const RgbaPicture& picture, const ColorCensus& census, Models models, int quality,
                Smallest& smallest) {
  PngImage image = direct_samples(picture, census.grey && models.grey, census.opaque);
  const Buffer filtered = filter_rows_near(image, quality);
  image.rows = {};
  smallest.offer(image, filtered, kNearLevel, RenderMethod::kNearLossless);
}

void offer_palette(const RgbaPicture& picture, int quality, Smallest& smallest) {
  if (const auto image = near_palette(picture, quality)) {
    smallest.offer(*image, filter_rows(*image), kIndexLevel, RenderMethod::kPalette);
  }
}

void offer_all(const RgbaPicture& picture, Models models, int quality, Smallest& smallest) {
  const ColorCensus census = census_of(picture);
  const bool drawn = census.flat_share >= kDrawnFlatShare;
  const bool many_colors = census.colors.empty();
  const bool photo =
      !drawn && (many_colors || (census.grey && census.colors.size() > kGreyPhotoColors));
  const bool near = (photo || many_colors) && png_error_max(quality) > 0;
  if (near) offer_near(picture, census, models, quality, smallest);
  if (photo && near) return;  // whatever is exact would be larger
  offer_exact(picture, census, models, smallest);
  if (many_colors && drawn && models.rgb && quality != kLossless) {
    offer_palette(picture, quality, smallest);
  }
}

Models models_of(bool icc, bool grey) { return icc ? Models{grey, !grey} : Models{true, true}; }

RgbaPicture to_rgba(const Pixmap& source) {
  RgbaPicture picture{source.size.width, source.size.height, {}};
  picture.pixels.reserve(source.pixels());
  const std::size_t channels = channels_of(source.model);
  const bool grey = is_grey(source.model);
  const bool alpha = has_alpha(source.model);
  for (const std::uint8_t* p = source.samples.data(); picture.pixels.size() < source.pixels();
       p += channels) {
    picture.pixels.push_back(
        pack_rgba(p[0], p[grey ? 0 : 1], p[grey ? 0 : 2], alpha ? p[channels - 1] : 255));
  }
  return picture;
}

}  // namespace

Outcome<Coded> compress_png(Bytes source_bytes, int quality) {
  const auto header = read_png_header(source_bytes);
  if (!header) return std::unexpected(header.error());
  if (is_large_png(*header)) return compress_large_png(source_bytes, quality);
  auto source = read_png(source_bytes);
  if (!source) return std::unexpected(source.error());
  if (is_animated_png(source_bytes)) return Coded(Buffer{});
  Smallest smallest(source->colour_chunks, orientation_chunk(source->exif));
  const bool deep = source->header.depth == 16;
  if (deep && (quality == kLossless || source->linear_light)) {
    offer_as_is(*source, smallest);
    return smallest.take();
  }
  const bool has_icc = find_png_chunk(source->colour_chunks, four("iCCP")).has_value();
  const Models models = models_of(has_icc, is_grey_model(source->header.color));
  offer_all(to_rgba(*source), models, quality, smallest);
  return smallest.take();
}

Outcome<Coded> encode_png(Pixmap picture, Bytes icc, int quality) {
  Buffer colours;
  append_png_icc(colours, icc);
  const Models models = models_of(!icc.empty(), is_grey(picture.model));
  const RgbaPicture pixels = to_rgba(picture);
  picture = {};
  Smallest smallest(colours, {});
  offer_all(pixels, models, quality, smallest);
  return smallest.take();
}

}  // namespace imgmill::codec_worker
