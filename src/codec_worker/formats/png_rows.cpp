#include "codec_worker/formats/png_rows.h"

#include <cstdlib>

#include "codec_worker/formats/png.h"
#include "codec_worker/formats/png_icc.h"
#include "codec_worker/formats/png_pixels.h"

namespace imgmill::codec_worker {
namespace {

constexpr int kAverageFilter = 3;

int at(const Buffer& row, std::size_t i) { return std::to_integer<int>(row[i]); }

// filter_rows() of a few rows at a time: the one before stands in front and is dropped again.
class ExactFilter {
 public:
  explicit ExactFilter(const PngHeader& header) : band_{header, {}, {}, {}} {
    row_bytes_ = static_cast<std::size_t>(header.row_bytes(header.width));
    filter_ = header.depth < 8 || header.color == PngColor::kPalette ? PngFilter::kNone
                                                                     : PngFilter::kAdaptive;
    band_.rows.resize(row_bytes_);
    band_.header.interlaced = false;
  }

  void add(Bytes row, PngPacker& packer) {
    append(band_.rows, row);
    if (band_.rows.size() >= kBandRows * row_bytes_) flush(packer);
  }

  void flush(PngPacker& packer) {
    band_.header.height = static_cast<std::uint32_t>(band_.rows.size() / row_bytes_);
    if (band_.header.height == 1) return;
    packer.add(Bytes(filter_rows(band_, filter_)).subspan(row_bytes_ + 1));
    const auto last = static_cast<std::ptrdiff_t>(band_.rows.size() - row_bytes_);
    band_.rows.erase(band_.rows.begin(), band_.rows.begin() + last);
  }

 private:
  static constexpr std::size_t kBandRows = 16;

  PngImage band_;
  std::size_t row_bytes_ = 0;
  PngFilter filter_ = PngFilter::kNone;
};

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
  explicit Writer(int quality) : error_max_(png_error_max(quality)) {}

  void begin(PixelSize size, PixelModel model) override {
    image_.header = {size.width, size.height, 8, color_of(model), false};
    row_bytes_ = size.width * channels_of(model);
    if (error_max_ > 0) {
      near_.emplace(row_bytes_, channels_of(model), error_max_);
    } else {
      exact_.emplace(image_.header);
    }
  }
  void row(const std::uint8_t* samples) override {
    const Bytes row = std::as_bytes(std::span(samples, row_bytes_));
    if (exact_) return exact_->add(row, packer_);
    if (const auto filtered = near_->next(row)) packer_.add(*filtered);
  }
  Outcome<Coded> finish(Bytes icc) override {
    Buffer colours;
    append_png_icc(colours, icc);
    return finish_with(colours, {});
  }
  Coded finish_with(Bytes colours, Bytes orientation) {
    if (exact_) exact_->flush(packer_);
    if (near_) packer_.add(*near_->next(std::nullopt));
    return {packer_.finish(image_, colours, orientation),
            near_ ? RenderMethod::kNearLossless : RenderMethod::kLossless};
  }

 private:
  int error_max_;
  std::size_t row_bytes_ = 0;
  PngImage image_;
  PngPacker packer_;
  std::optional<NearFilter> near_;
  std::optional<ExactFilter> exact_;
};

// Palettes and what is to stay exact: only the packing is new.
Outcome<Coded> repack(PngRows& rows, Bytes orientation) {
  PngImage image{rows.header(), {}, {}, {}};
  append(image.palette, rows.about().palette);
  append(image.trns, rows.about().trns);
  ExactFilter filter(image.header);
  PngPacker packer;
  for (std::uint32_t y = 0; y < image.header.height; ++y) {
    const auto row = rows.next();
    if (!row) return std::unexpected(row.error());
    filter.add(*row, packer);
  }
  filter.flush(packer);
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

NearFilter::NearFilter(std::size_t row_bytes, std::size_t step, int error_max)
    : step_(step),
      error_max_(error_max),
      has_alpha_(step == 2 || step == 4),
      above_(row_bytes),
      here_(row_bytes),
      filtered_(row_bytes + 1, std::byte{kAverageFilter}) {}

std::optional<Bytes> NearFilter::next(std::optional<Bytes> row) {
  std::swap(rows_[0], rows_[1]);
  std::swap(rows_[1], rows_[2]);
  rows_[2].clear();
  if (row) append(rows_[2], *row);
  if (rows_[1].empty()) return std::nullopt;
  filter();
  return filtered_;
}

// What goes on around a sample: the mean step to its neighbours.
int NearFilter::activity(std::size_t i) const {
  const Buffer& row = rows_[1];
  const int here = at(row, i);
  int total = 0;
  total += i < step_ ? 0 : std::abs(here - at(row, i - step_));
  total += i + step_ >= row.size() ? 0 : std::abs(here - at(row, i + step_));
  total += rows_[0].empty() ? 0 : std::abs(here - at(rows_[0], i));
  total += rows_[2].empty() ? 0 : std::abs(here - at(rows_[2], i));
  return total / 4;
}

// The value nearest to the sample that lies a multiple of 2·error + 1 from `predicted`.
int NearFilter::near_sample(std::size_t i, int predicted) const {
  const int wanted = at(rows_[1], i);
  const int error = std::min(error_max_, activity(i));
  const int spacing = 2 * error + 1;
  const int difference = wanted - predicted;
  const int steps = (std::abs(difference) + error) / spacing;
  const int value = predicted + (difference < 0 ? -steps : steps) * spacing;
  return value < 0 || value > 255 ? wanted : value;
}

void NearFilter::filter() {
  for (std::size_t i = 0; i < here_.size(); ++i) {
    const std::size_t channel = i % step_;
    const bool is_alpha = has_alpha_ && channel + 1 == step_;
    const bool invisible = has_alpha_ && rows_[1][i - channel + step_ - 1] == std::byte{0};
    const int predicted = ((i < step_ ? 0 : at(here_, i - step_)) + at(above_, i)) / 2;
    int value = at(rows_[1], i);
    if (!is_alpha) value = invisible ? predicted : near_sample(i, predicted);
    here_[i] = static_cast<std::byte>(value);
    filtered_[i + 1] = static_cast<std::byte>(value - predicted);
  }
  std::swap(above_, here_);
}

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
