#include "codec_worker/memory_bound.h"

#include <algorithm>
#include <array>
#include <string>

#include "codec_worker/formats/row_writer.h"
#include "codec_worker/formats/webp.h"

namespace imgmill::codec_worker {
namespace {

// Program and libraries, and what does not grow with the picture.
constexpr double kProgramBytes = 30e6;

// Bytes a pixel.
constexpr double kAlphaPacking = 25;
// What libimagequant keeps of a picture whose palette it chooses; from so many bytes on it does
// without.
constexpr double kPaletteChoice = 16;
constexpr double kPaletteChoiceBytesMax = 64e6;

// Bytes a pixel of one frame, beside PictureInfo::held_bytes.
struct SourceNeed {
  SourceKind kind;
  double stays;      // format and size stay
  double decode;     // until the last row is out
  bool comes_whole;  // the whole picture comes at once, and is in `decode`
};
constexpr std::array<SourceNeed, 12> kSourceNeeds{{
    {SourceKind::kJpeg, 0, 0, false},
    {SourceKind::kPng, 14, 0, false},  // stays: up to kRowWisePixels, 0 above
    {SourceKind::kWebpLossy, 2.2, 3.3, true},
    {SourceKind::kWebpLossyAlpha, 5, 6, true},
    {SourceKind::kWebpLossless, 26, 8.2, true},
    {SourceKind::kWebpAnimated, 26, 18, true},
    {SourceKind::kGif, 3, 5.3, true},
    {SourceKind::kGifAnimated, 3, 14, true},
    {SourceKind::kAvif, 18, 7.5, false},
    {SourceKind::kTiff, 0, 0, false},
    {SourceKind::kBmp, 0, 0, false},
    {SourceKind::kHeic, 0, 7.5, false},
}};

// Bytes a pixel of the rendition, for what is coded and the coder.
struct TargetNeed {
  PictureFormat format;
  double small;  // below kRowWisePixels; the picture is in it
  double small_alpha;
  double large;  // where rows are coded as they come: the coder alone
  double large_alpha;
  bool row_wise;
};
constexpr std::array<TargetNeed, kFormats.size()> kTargetNeeds{{
    {PictureFormat::kJpeg, 8, 8, 0.3, 0.3, true},
    {PictureFormat::kPng, 14, 14, 2.5, 3, true},
    {PictureFormat::kWebp, 20, 22, 2, 22, true},
    {PictureFormat::kGif, 22, 22, 22, 22, false},
    {PictureFormat::kAvif, 22, 25, 22, 25, false},
    {PictureFormat::kTiff, 7, 8, 7, 8, false},
}};

const SourceNeed& need_of(SourceKind kind) { return kSourceNeeds[static_cast<std::size_t>(kind)]; }
const TargetNeed& need_of(PictureFormat format) {
  return kTargetNeeds[static_cast<std::size_t>(format)];
}

double pixels_of(PixelSize size) { return static_cast<double>(size.width) * size.height; }

bool is_large(PixelSize size) { return is_row_wise(std::uint64_t{size.width} * size.height); }

PixelSize stored_size(const WorkPlan& plan) { return {plan.source.width, plan.source.height}; }

double palette_bytes(double pixels) {
  return std::min(kPaletteChoice * pixels, kPaletteChoiceBytesMax);
}

double base_bytes(const WorkPlan& plan) {
  return kProgramBytes + static_cast<double>(plan.source_bytes);
}

double decode_bytes(const WorkPlan& plan) {
  return base_bytes(plan) + static_cast<double>(plan.source.held_bytes) +
         need_of(plan.source.kind).decode * pixels_of(stored_size(plan));
}

// The rendition is at most as large as the source, which is in memory beside it.
double stays_bytes(const WorkPlan& plan) {
  const bool by_rows = plan.source.kind == SourceKind::kPng && is_large(stored_size(plan));
  const double pixels = by_rows ? 0 : pixels_of(stored_size(plan));
  const bool has_lossy_alpha = plan.source.kind == SourceKind::kWebpLossyAlpha;
  const double packed = std::min(pixels, static_cast<double>(kWebpAlphaAnewPixels));
  return base_bytes(plan) + static_cast<double>(plan.source_bytes + plan.source.held_bytes) +
         need_of(plan.source.kind).stays * pixels + (has_lossy_alpha ? kAlphaPacking * packed : 0) +
         (plan.source.kind == SourceKind::kPng ? palette_bytes(pixels) : 0);
}

// Frames are coded while the next ones are decoded (shape_animation()).
bool stays_animated(const WorkPlan& plan) {
  const bool animated =
      plan.source.kind == SourceKind::kGifAnimated || plan.source.kind == SourceKind::kWebpAnimated;
  return animated && (plan.format == PictureFormat::kGif || plan.format == PictureFormat::kWebp);
}

bool has_alpha(const PictureInfo& source) {
  return source.channels == 2 || (source.channels == 4 && !source.ink);
}

// Rows go straight from the decoder to the coder (shape_still()).
bool goes_direct(const WorkPlan& plan) {
  const PictureInfo& source = plan.source;
  const bool grey_to_colour = source.channels < 3 && plan.format == PictureFormat::kWebp;
  const bool ink_to_light = source.ink && plan.format != PictureFormat::kJpeg;
  return is_large(plan.size) && need_of(*plan.format).row_wise && source.orientation == 1 &&
         !plan.chooses_quality && !need_of(source.kind).comes_whole && !grey_to_colour &&
         !ink_to_light;
}

double shaped_bytes(const WorkPlan& plan) {
  const TargetNeed& need = need_of(*plan.format);
  const bool alpha = has_alpha(plan.source);
  const double pixels = pixels_of(plan.size);
  const double coder = (alpha ? need.large_alpha : need.large) * pixels;
  if (goes_direct(plan)) return decode_bytes(plan) + coder;
  if (stays_animated(plan)) return decode_bytes(plan) + need.small_alpha * pixels;
  const bool turns_to_light = plan.source.ink && plan.format != PictureFormat::kJpeg;
  const double picture = (turns_to_light ? 7 : plan.source.channels) * pixels;
  const bool same = need_of(plan.source.kind).comes_whole && plan.size == stored_size(plan);
  const double decoding = decode_bytes(plan) + (same ? 0 : picture);
  const double coding = is_large(plan.size) && need.row_wise
                            ? picture + coder
                            : (alpha ? need.small_alpha : need.small) * pixels +
                                  (plan.format == PictureFormat::kPng ? palette_bytes(pixels) : 0);
  return std::max(decoding, base_bytes(plan) + coding);
}

std::string millions(double number) {
  return std::to_string(static_cast<std::uint64_t>(number / 1e6));
}

// How many pixels of the source's kind can be decoded at all.
double pixels_decodable(const WorkPlan& plan) {
  const double room = static_cast<double>(kWorkBytesMax) - base_bytes(plan);
  const double pixels = pixels_of(stored_size(plan));
  return std::max(0.0, room) * pixels / (decode_bytes(plan) - base_bytes(plan));
}

}  // namespace

std::uint64_t work_bytes(const WorkPlan& plan) {
  const double looking = plan.chooses_quality ? decode_bytes(plan) : 0;
  return static_cast<std::uint64_t>(
      std::max(looking, plan.format ? shaped_bytes(plan) : stays_bytes(plan)));
}

Outcome<void> check_memory(const WorkPlan& plan) {
  const auto needed = static_cast<double>(work_bytes(plan));
  const auto allowed = static_cast<double>(kWorkBytesMax);
  if (needed <= allowed) return {};
  std::string text = millions(pixels_of(stored_size(plan)) + 5e5) + " megapixels, ";
  text += plan.format ? "from this source to the wanted format and size, " : "of this format, ";
  text += "need " + millions(needed) + " MB of memory, " + millions(allowed) + " are allowed: ";
  if (decode_bytes(plan) > allowed) {
    text += "at most " + millions(pixels_decodable(plan)) + " megapixels of it can be decoded";
  } else {
    text += "ask for a smaller max_width and max_height, or for another format";
  }
  return fault(FaultCode::kTooManyPixels, std::move(text));
}

}  // namespace imgmill::codec_worker
