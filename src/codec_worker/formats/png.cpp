#include "codec_worker/formats/png.h"

#include "codec_worker/formats/png_colors.h"
#include "codec_worker/formats/png_pixels.h"
#include "codec_worker/formats/png_writer.h"

namespace imgmill::codec_worker {
namespace {

// libdeflate: 6 of 12 is its best rate for the time on photos; indices are few bytes, so 9 is
// cheap.
constexpr int kSampleLevel = 6;
constexpr int kIndexLevel = 9;
// With so many pixels like their neighbour a picture is drawn, not photographed, or it is a photo
// cut out: a palette of chosen colours may pay.
constexpr double kDrawnFlatShare = 0.4;
// A palette of more colours than this does not beat grey samples.
constexpr std::size_t kFewGreys = 16;
// A grey picture never has more than 256 colours; one of so many, not drawn, is a photo.
constexpr std::size_t kGreyPhotoColors = 64;
constexpr int kLossless = 100;

// How far a colour may move in busy areas: 5 levels at quality 50, none from 95 on.
int error_max(int quality) { return std::max(0, (100 - quality) / 10); }

// Collects candidates and keeps the smallest.
class Smallest {
 public:
  explicit Smallest(const PngPixels& source) : colour_chunks_(source.colour_chunks) {
    append_png_orientation(orientation_, source.exif);
  }
  void offer(const PngImage& image, Bytes filtered, int level) {
    Buffer file = write_png(image, filtered, level, colour_chunks_, orientation_);
    if (best_.empty() || file.size() < best_.size()) best_ = std::move(file);
  }
  [[nodiscard]] Buffer take() { return std::move(best_); }

 private:
  Bytes colour_chunks_;
  Buffer orientation_;
  Buffer best_;
};

bool is_grey_model(PngColor color) {
  return color == PngColor::kGrey || color == PngColor::kGreyAlpha;
}

bool has_icc(const PngPixels& source) {
  ByteReader reader(source.colour_chunks);
  while (reader.left() > 8) {
    const std::uint32_t length = reader.be32();
    if (reader.be32() == four("iCCP")) return true;
    reader.skip(std::size_t{length} + 4);
  }
  return false;
}

// 16-bit samples as they are; only the compression is new.
void offer_as_is(PngPixels& source, Smallest& smallest) {
  PngImage image{source.header, std::move(source.rows), {}, {}};
  image.header.interlaced = false;
  append(image.trns, source.trns);
  smallest.offer(image, filter_rows(image, PngFilter::kAdaptive), kSampleLevel);
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
    smallest.offer(image, filter_rows(image, PngFilter::kNone), kIndexLevel);
    if (!grey || census.colors.size() <= kFewGreys) return;
  }
  const PngImage image = direct_samples(picture, grey, census.opaque);
  smallest.offer(image, filter_rows(image, PngFilter::kAdaptive), kSampleLevel);
}

void offer_near(const RgbaPicture& picture, const ColorCensus& census, Models models, int quality,
                Smallest& smallest) {
  if (const int error = error_max(quality); error > 0) {
    const PngImage image = direct_samples(picture, census.grey && models.grey, census.opaque);
    smallest.offer(image, filter_rows_near(image, error), kSampleLevel);
  }
  const bool palette_may_pay = models.rgb && census.flat_share >= kDrawnFlatShare;
  if (!palette_may_pay || quality == kLossless) return;
  if (const auto image = near_palette(picture, quality)) {
    smallest.offer(*image, filter_rows(*image, PngFilter::kNone), kIndexLevel);
  }
}

bool is_animated(Bytes source) {
  PngChunks chunks(source);
  while (const auto chunk = chunks.next()) {
    if (chunk->type == four("acTL")) return true;
    if (chunk->type == four("IDAT")) return false;
  }
  return false;
}

}  // namespace

Outcome<Buffer> compress_png(Bytes source_bytes, int quality) {
  auto source = read_png(source_bytes);
  if (!source) return std::unexpected(source.error());
  if (is_animated(source_bytes)) return Buffer{};
  Smallest smallest(*source);
  const PngColor color = source->header.color;
  const bool deep = source->header.depth == 16;
  if (deep && (quality == kLossless || source->linear_light)) {
    offer_as_is(*source, smallest);
    return smallest.take();
  }
  const Models models =
      has_icc(*source) ? Models{is_grey_model(color), !is_grey_model(color)} : Models{true, true};
  const RgbaPicture picture = to_rgba(*source);
  const ColorCensus census = census_of(picture);
  offer_exact(picture, census, models, smallest);
  const bool grey_photo =
      census.grey && census.colors.size() > kGreyPhotoColors && census.flat_share < kDrawnFlatShare;
  if (census.colors.empty() || grey_photo) offer_near(picture, census, models, quality, smallest);
  return smallest.take();
}

}  // namespace imgmill::codec_worker
