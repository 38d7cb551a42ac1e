#include "codec_worker/choose/auto_quality.h"

#include <optional>

#include "codec_worker/choose/jpeg_likeness.h"
#include "codec_worker/choose/pixel_likeness.h"
#include "codec_worker/choose/quality_search.h"
#include "codec_worker/choose/sample.h"
#include "codec_worker/formats/heif_pixels.h"
#include "codec_worker/formats/jpeg_decode.h"
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/webp.h"
#include "codec_worker/formats/webp_chunks.h"

namespace imgmill::codec_worker {
namespace {

// Of likeness, from photographs: half the step, 10 more.
constexpr double kRise = 15;
// A look at coefficients is cheap; each look at pixels codes and decodes the sample.
constexpr int kJpegTriesMax = 5;
constexpr int kPixelTriesMax = 4;

using Decode = Outcome<Buffer> (*)(Bytes source, PixelSize wanted, RowSink& sink);
using Encode = Outcome<Coded> (*)(Pixmap picture, Bytes icc, int quality);

struct PixelCoding {
  Decode decode;
  Encode encode;
};

// nullopt: quality changes nothing, or what it changes is not seen as a likeness.
std::optional<PixelCoding> coding_of(PictureFormat format) {
  switch (format) {
    case PictureFormat::kJpeg:
      return PixelCoding{decode_jpeg, encode_jpeg};
    case PictureFormat::kPng:
      return PixelCoding{decode_png, encode_png};
    case PictureFormat::kWebp:
      return PixelCoding{decode_webp, encode_webp};
    case PictureFormat::kAvif:
      return PixelCoding{decode_heif, encode_avif};
    case PictureFormat::kGif:
    case PictureFormat::kTiff:
      break;
  }
  return std::nullopt;
}

Outcome<double> likeness_at(const Pixmap& sample, const PixelLikeness& likeness,
                            const PixelCoding& coding, int quality) {
  const auto coded = coding.encode(sample, {}, quality);
  if (!coded) return std::unexpected(coded.error());
  RowCollector collector;
  auto decoded = coding.decode(coded->bytes, sample.size, collector);
  if (!decoded) return std::unexpected(decoded.error());
  return likeness.of(collector.finish());
}

int sampled_quality(const Pixmap& sample, const PixelCoding& coding) {
  const PixelLikeness likeness(sample);
  bool exact = false;
  const auto at = [&](int quality) {
    const auto value = likeness_at(sample, likeness, coding, quality);
    exact = exact || value == kLikenessOfTheSame;
    return value;
  };
  const auto found = lowest_alike(at, kPixelTriesMax);
  // A coder that was exact at one of the qualities does not go by them: lossless was smaller.
  return found && !exact ? *found : kQualityDefault;
}

bool is_lossy_still(Bytes webp) {
  const auto file = parse_webp(webp);
  return file && !file->animated() && !file->still.lossless;
}

std::optional<int> coefficients_quality(Bytes source) {
  const auto jpeg = JpegLikeness::of(source);
  if (!jpeg) return std::nullopt;
  const auto found = lowest_alike([&](int quality) { return jpeg->at(quality); }, kJpegTriesMax);
  return found ? std::optional(*found) : std::nullopt;
}

}  // namespace

Outcome<int> lowest_alike(const LikenessAt& likeness, int tries_max) {
  QualitySearch search({.lowest = kAutoQualityLowest, .highest = kAutoQualityHighest},
                       kLikenessWanted, kRise);
  for (int tries = 0; tries < tries_max; ++tries) {
    const auto quality = search.next(kQualityDefault);
    if (!quality) break;
    const auto value = likeness(*quality);
    if (!value) return std::unexpected(value.error());
    search.tried(*quality, *value);
  }
  return search.above().value_or(kAutoQualityHighest);
}

int auto_quality(const Pixmap& picture, PictureFormat format) {
  const auto coding = coding_of(format);
  if (!coding) return kQualityDefault;
  return sampled_quality(sample_of(picture), *coding);
}

int auto_quality(Bytes source, PictureFormat format) {
  if (format == PictureFormat::kJpeg) {
    if (const auto quality = coefficients_quality(source)) return *quality;
  }
  if (format == PictureFormat::kWebp && !is_lossy_still(source)) return kQualityDefault;
  const auto coding = coding_of(format);
  if (!coding) return kQualityDefault;
  Sampler sampler;
  constexpr PixelSize kWhole{UINT32_MAX, UINT32_MAX};
  if (!coding->decode(source, kWhole, sampler)) return kQualityDefault;
  return sampled_quality(sampler.finish(), *coding);
}

}  // namespace imgmill::codec_worker
