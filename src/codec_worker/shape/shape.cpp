#include "codec_worker/shape/shape.h"

#include <algorithm>
#include <array>

#include "codec_worker/choose/auto_quality.h"
#include "codec_worker/formats/bmp.h"
#include "codec_worker/formats/gif.h"
#include "codec_worker/formats/heif_pixels.h"
#include "codec_worker/formats/icc.h"
#include "codec_worker/formats/jpeg_decode.h"
#include "codec_worker/formats/png.h"
#include "codec_worker/formats/row_writer.h"
#include "codec_worker/formats/tiff.h"
#include "codec_worker/formats/webp.h"
#include "codec_worker/shape/alpha.h"
#include "codec_worker/shape/resample.h"
#include "codec_worker/shape/upright.h"

namespace imgmill::codec_worker {
namespace {

using Decode = Outcome<Buffer> (*)(Bytes source, PixelSize wanted, RowSink& sink);
using Encode = Outcome<Coded> (*)(Pixmap picture, Bytes icc, int quality);

// In the order of SourceFormat and of PictureFormat.
constexpr std::array<Decode, 8> kDecode{decode_jpeg, decode_png,  decode_webp, decode_gif,
                                        decode_heif, decode_tiff, decode_bmp,  decode_heif};
constexpr std::array<Encode, kFormats.size()> kEncode{encode_jpeg, encode_png,  encode_webp,
                                                      encode_gif,  encode_avif, encode_tiff};

bool carries(PictureFormat format, PixelModel model) {
  if (format == PictureFormat::kJpeg) return true;
  if (format == PictureFormat::kGif || model == PixelModel::kCmyk) return false;
  return format != PictureFormat::kWebp || !is_grey(model);  // WebP's profiles are for RGB
}

// Lays rows with alpha on white on their way.
class OnWhite final : public RowSink {
 public:
  explicit OnWhite(RowSink& sink) : sink_(sink) {}

  void begin(PixelSize size, PixelModel model) override {
    width_ = size.width;
    channels_ = has_alpha(model) ? channels_of(model) : 0;
    row_.resize(width_ * channels_);
    sink_.begin(size, without_alpha(model));
  }
  void row(const std::uint8_t* samples) override {
    if (channels_ == 0) return sink_.row(samples);
    lay_on_white(samples, width_, channels_, row_.data());
    sink_.row(row_.data());
  }

 private:
  RowSink& sink_;
  std::size_t width_ = 0;
  std::size_t channels_ = 0;  // 0: no alpha
  std::vector<std::uint8_t> row_;
};

// Where the rows of a still picture go: through the resampler where it has another size than the
// wanted one, then straight into `direct` if that is there and takes their model, else into memory.
class Fitting final : public RowSink {
 public:
  explicit Fitting(PixelSize wanted) : wanted_(wanted) {}
  Fitting(PixelSize wanted, PictureFormat format, RowSink* direct)
      : wanted_(wanted), format_(format), direct_(direct) {}

  void begin(PixelSize size, PixelModel model) override {
    model_ = model;
    wanted_ = {std::min(wanted_.width, size.width), std::min(wanted_.height, size.height)};
    went_direct_ = direct_ != nullptr && carries(format_, model);
    if (went_direct_) sink_ = direct_;
    if (size != wanted_) sink_ = &resampler_.emplace(wanted_, *sink_);
    sink_->begin(size, model);
  }
  void row(const std::uint8_t* samples) override { sink_->row(samples); }
  void take(Pixmap whole) override {
    model_ = whole.model;
    if (whole.size == wanted_) return collector_.take(std::move(whole));
    RowSink::take(std::move(whole));
  }
  [[nodiscard]] bool went_direct() const { return went_direct_; }
  [[nodiscard]] PixelModel model() const { return model_; }
  [[nodiscard]] PixelSize size() const { return wanted_; }
  [[nodiscard]] Pixmap finish() { return collector_.finish(); }

 private:
  PixelSize wanted_;
  PictureFormat format_ = PictureFormat::kPng;
  RowSink* direct_ = nullptr;
  PixelModel model_ = PixelModel::kRgb;
  RowCollector collector_;
  std::optional<Resampler> resampler_;
  RowSink* sink_ = &collector_;
  bool went_direct_ = false;
};

// As stored from as shown, and the reverse.
PixelSize as_stored(PixelSize shown, int orientation) {
  return orientation >= 5 ? PixelSize{shown.height, shown.width} : shown;
}

// The profile goes along where the target can carry it; else the picture becomes sRGB.
Pixmap with_colours_for(PictureFormat format, Pixmap picture, Buffer& icc) {
  if (!icc.empty() && !icc_describes(icc, picture.model)) icc.clear();
  if (carries(format, picture.model)) return picture;
  picture = to_srgb(std::move(picture), icc);
  icc.clear();
  return picture;
}

// nullptr for a picture that is small, or a format that is not written row by row.
std::unique_ptr<RowWriter> row_writer(PixelSize size, std::optional<PictureFormat> format,
                                      int quality) {
  if (!is_row_wise(std::uint64_t{size.width} * size.height)) return nullptr;
  if (format == PictureFormat::kJpeg) return write_jpeg_rows(quality);
  if (format == PictureFormat::kPng) return write_png_rows(quality);
  if (format == PictureFormat::kWebp) return write_webp_rows(quality);
  return nullptr;
}

Outcome<Coded> code_upright(Pixmap picture, int orientation, PictureFormat format, Bytes icc,
                            int quality) {
  const auto rows = row_writer(picture.size, format, quality);
  if (!rows) {
    const auto encode = kEncode[static_cast<std::size_t>(format)];
    return encode(upright(std::move(picture), orientation), icc, quality);
  }
  send_upright(picture, orientation, *rows);
  picture = {};
  return rows->finish(icc);
}

Outcome<Shaped> shaped_of(Outcome<Coded> coded, PictureFormat format, PixelSize size, int quality) {
  if (!coded) return std::unexpected(coded.error());
  return Shaped{std::move(coded->bytes), format, size, quality};
}

Outcome<Shaped> code_collected(Pixmap picture, const ShapeOrder& order, PictureFormat format,
                               Buffer icc, PixelSize size) {
  picture = with_colours_for(format, std::move(picture), icc);
  if (format == PictureFormat::kJpeg) picture = on_white(std::move(picture));
  const bool chooses = order.quality == kQualityAuto;
  const int quality = chooses ? auto_quality(picture, format) : order.quality;
  return shaped_of(code_upright(std::move(picture), order.orientation, format, icc, quality),
                   format, size, quality);
}

Outcome<Shaped> shape_still(Bytes source, const ShapeOrder& order) {
  const PixelSize wanted = as_stored(order.size, order.orientation);
  const bool as_they_come = order.orientation == 1 && order.quality != kQualityAuto;
  const auto rows = as_they_come ? row_writer(wanted, order.format, order.quality) : nullptr;
  std::optional<OnWhite> on_paper;
  RowSink* direct = rows.get();
  if (direct != nullptr && order.format == PictureFormat::kJpeg) {
    direct = &on_paper.emplace(*rows);
  }
  Fitting fitting(wanted, order.format.value_or(PictureFormat::kPng), direct);
  auto icc = kDecode[static_cast<std::size_t>(order.from)](source, wanted, fitting);
  if (!icc) return std::unexpected(icc.error());
  if (fitting.went_direct()) {
    if (!icc_describes(*icc, fitting.model())) icc->clear();
    return shaped_of(rows->finish(*icc), *order.format, fitting.size(), order.quality);
  }
  Pixmap picture = without_idle_alpha(fitting.finish());
  const PictureFormat format =
      order.format.value_or(has_alpha(picture.model) ? PictureFormat::kPng : PictureFormat::kJpeg);
  const PixelSize size = as_stored(picture.size, order.orientation);
  return code_collected(std::move(picture), order, format, *std::move(icc), size);
}

NewAnimationReader read_animation(Bytes source, SourceFormat from) {
  return from == SourceFormat::kGif ? read_gif_animation(source) : read_webp_animation(source);
}

int quality_of(const ShapeOrder& order) {
  return order.quality == kQualityAuto ? kQualityDefault : order.quality;
}

Outcome<std::unique_ptr<AnimationWriter>> write_animation(const ShapeOrder& order, int plays,
                                                          Buffer icc) {
  if (order.format == PictureFormat::kGif) {
    return write_gif_animation(order.size, plays, quality_of(order));
  }
  return write_webp_animation(order.size, plays, std::move(icc), quality_of(order));
}

Outcome<Shaped> shape_animation(Bytes source, const ShapeOrder& order) {
  auto reader = read_animation(source, order.from);
  if (!reader) return std::unexpected(reader.error());
  const Buffer source_icc = (*reader)->icc();
  const bool has_profile = icc_describes(source_icc, PixelModel::kRgba);
  const bool keeps_icc = has_profile && carries(*order.format, PixelModel::kRgba);
  auto writer = write_animation(order, (*reader)->plays(), keeps_icc ? source_icc : Buffer{});
  if (!writer) return std::unexpected(writer.error());
  while (true) {
    auto frame = (*reader)->next();
    if (!frame) return std::unexpected(frame.error());
    if (!*frame) break;
    Fitting fitting(as_stored(order.size, order.orientation));
    fitting.take(std::move((*frame)->picture));
    (*frame)->picture = upright(fitting.finish(), order.orientation);
    if (has_profile && !keeps_icc) {
      (*frame)->picture = to_srgb(std::move((*frame)->picture), source_icc);
    }
    if (auto added = (*writer)->add(*std::move(*frame)); !added) {
      return std::unexpected(added.error());
    }
  }
  auto bytes = (*writer)->finish();
  if (!bytes) return std::unexpected(bytes.error());
  return Shaped{*std::move(bytes), *order.format, order.size, quality_of(order)};
}

bool stays_animated(Bytes source, const ShapeOrder& order) {
  if (order.format != PictureFormat::kGif && order.format != PictureFormat::kWebp) return false;
  return (order.from == SourceFormat::kGif && is_animated_gif(source)) ||
         (order.from == SourceFormat::kWebp && is_animated_webp(source));
}

// size × part / whole, rounded, at least 1.
std::uint32_t scaled(std::uint32_t size, std::uint32_t part, std::uint32_t whole) {
  const std::uint64_t doubled = 2 * std::uint64_t{size} * part + whole;
  return std::max(1U, static_cast<std::uint32_t>(doubled / (2 * std::uint64_t{whole})));
}

}  // namespace

PixelSize fit_inside(PixelSize size, std::uint32_t max_width, std::uint32_t max_height) {
  const std::uint32_t width = max_width == 0 ? size.width : std::min(size.width, max_width);
  const std::uint32_t height = max_height == 0 ? size.height : std::min(size.height, max_height);
  if (std::uint64_t{width} * size.height <= std::uint64_t{height} * size.width) {
    return {width, scaled(size.height, width, size.width)};
  }
  return {scaled(size.width, height, size.height), height};
}

Outcome<Shaped> shape(Bytes source, const ShapeOrder& order) {
  return stays_animated(source, order) ? shape_animation(source, order)
                                       : shape_still(source, order);
}

}  // namespace imgmill::codec_worker
