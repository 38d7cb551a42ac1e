// TIFF to pixels and back, for a change of format or size.
#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include <libdeflate.h>

#include "codec_worker/formats/tiff.h"
#include "codec_worker/formats/tiff_memory.h"
#include "codec_worker/formats/tiff_pages.h"

namespace imgmill::codec_worker {
namespace {

constexpr int kLevel = 6;
constexpr std::size_t kStripBytes = 256 << 10;

// libtiff's way from any kind of samples to RGBA, opened and closed.
class RgbaView {
 public:
  explicit RgbaView(TIFF* tiff) {
    std::array<char, 1024> reason{};
    begun_ = TIFFRGBAImageOK(tiff, reason.data()) != 0 &&
             TIFFRGBAImageBegin(&image_, tiff, 1, reason.data()) != 0;
    // No turning: that is done at the end, with pictures of every format.
    if (begun_) image_.req_orientation = image_.orientation;
  }
  RgbaView(const RgbaView&) = delete;
  RgbaView& operator=(const RgbaView&) = delete;
  ~RgbaView() {
    if (begun_) TIFFRGBAImageEnd(&image_);
  }

  [[nodiscard]] bool begun() const { return begun_; }
  [[nodiscard]] PixelSize size() const { return {image_.width, image_.height}; }
  [[nodiscard]] bool grey() const {
    return image_.alpha == 0 && (image_.photometric == PHOTOMETRIC_MINISBLACK ||
                                 image_.photometric == PHOTOMETRIC_MINISWHITE);
  }
  [[nodiscard]] PixelModel model() const {
    if (grey()) return PixelModel::kGrey;
    return image_.alpha != 0 ? PixelModel::kRgba : PixelModel::kRgb;
  }
  // `rows` of them from row `first` on, one number a pixel, alpha multiplied in.
  [[nodiscard]] bool read(std::uint32_t first, std::uint32_t rows,
                          std::vector<std::uint32_t>& pixels) {
    pixels.resize(std::size_t{image_.width} * rows);
    image_.row_offset = static_cast<int>(first);
    return TIFFRGBAImageGet(&image_, pixels.data(), image_.width, rows) != 0;
  }

 private:
  TIFFRGBAImage image_{};
  bool begun_ = false;
};

std::uint8_t divided(std::uint32_t colour, std::uint32_t alpha) {
  if (alpha == 0) return 0;
  return static_cast<std::uint8_t>(std::min(255U, (colour * 255 + alpha / 2) / alpha));
}

void send_row(const std::uint32_t* pixels, PixelSize size, PixelModel model,
              std::vector<std::uint8_t>& row, RowSink& sink) {
  std::uint8_t* out = row.data();
  for (std::uint32_t x = 0; x < size.width; ++x) {
    const std::uint32_t pixel = pixels[x];
    const std::uint32_t alpha = has_alpha(model) ? TIFFGetA(pixel) : 255;
    *out++ = divided(TIFFGetR(pixel), alpha);
    if (model == PixelModel::kGrey) continue;
    *out++ = divided(TIFFGetG(pixel), alpha);
    *out++ = divided(TIFFGetB(pixel), alpha);
    if (has_alpha(model)) *out++ = static_cast<std::uint8_t>(alpha);
  }
  sink.row(row.data());
}

Buffer icc_of(TIFF* tiff) {
  std::uint32_t size = 0;
  void* data = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &data) == 0 || data == nullptr) return {};
  const auto* first = static_cast<const std::byte*>(data);
  return Buffer(first, first + size);
}

// As many rows as stand together in a strip, or in tiles beside each other: each is decoded once.
std::uint32_t rows_together(TIFF* tiff, std::uint32_t height) {
  std::uint32_t rows = height;
  TIFFGetFieldDefaulted(tiff, TIFFIsTiled(tiff) != 0 ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP,
                        &rows);
  return std::clamp(rows, 1U, height);
}

bool parts_are_bounded(TIFF* tiff) {
  std::uint16_t samples = 1;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  const tmsize_t size = TIFFIsTiled(tiff) != 0 ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  return samples <= kTiffSamplesMax && size > 0 && size <= kTiffPartBytesMax;
}

// What a reader must know of the picture, as tags.
class PageTags {
 public:
  void add_short(std::uint32_t tag, std::initializer_list<std::uint32_t> values) {
    TiffEntry entry{tag, 3, static_cast<std::uint32_t>(values.size()), {}};
    for (const std::uint32_t value : values) append_le16(entry.value, value);
    page_.entries.push_back(std::move(entry));
  }
  void add_long(std::uint32_t tag, std::uint32_t value) {
    TiffEntry entry{tag, 4, 1, {}};
    append_le32(entry.value, value);
    page_.entries.push_back(std::move(entry));
  }
  void add_bytes(std::uint32_t tag, Bytes bytes) {
    page_.entries.push_back(
        {tag, 7, static_cast<std::uint32_t>(bytes.size()), Buffer(bytes.begin(), bytes.end())});
  }
  [[nodiscard]] TiffPage take() { return std::move(page_); }

 private:
  TiffPage page_;
};

TiffPage page_of(const Pixmap& picture, Bytes icc, std::uint32_t strip_rows) {
  const auto channels = static_cast<std::uint32_t>(channels_of(picture.model));
  PageTags tags;
  tags.add_long(TIFFTAG_IMAGEWIDTH, picture.size.width);
  tags.add_long(TIFFTAG_IMAGELENGTH, picture.size.height);
  if (channels == 1) tags.add_short(TIFFTAG_BITSPERSAMPLE, {8});
  if (channels == 2) tags.add_short(TIFFTAG_BITSPERSAMPLE, {8, 8});
  if (channels == 3) tags.add_short(TIFFTAG_BITSPERSAMPLE, {8, 8, 8});
  if (channels == 4) tags.add_short(TIFFTAG_BITSPERSAMPLE, {8, 8, 8, 8});
  tags.add_short(TIFFTAG_COMPRESSION, {COMPRESSION_ADOBE_DEFLATE});
  static_assert(PHOTOMETRIC_MINISBLACK == 1 && PHOTOMETRIC_RGB == 2);
  tags.add_short(TIFFTAG_PHOTOMETRIC, {is_grey(picture.model) ? 1U : 2U});
  tags.add_short(TIFFTAG_SAMPLESPERPIXEL, {channels});
  tags.add_long(TIFFTAG_ROWSPERSTRIP, strip_rows);
  tags.add_short(TIFFTAG_PREDICTOR, {PREDICTOR_HORIZONTAL});
  if (has_alpha(picture.model)) tags.add_short(TIFFTAG_EXTRASAMPLES, {EXTRASAMPLE_UNASSALPHA});
  if (!icc.empty()) tags.add_bytes(TIFFTAG_ICCPROFILE, icc);
  return tags.take();
}

// From the right end on, each sample less its left neighbour's.
void take_differences(std::uint8_t* row, std::size_t samples, std::size_t channels) {
  for (std::size_t i = samples; i-- > channels;) {
    row[i] = static_cast<std::uint8_t>(row[i] - row[i - channels]);
  }
}

}  // namespace

Outcome<Buffer> decode_tiff(Bytes source, PixelSize, RowSink& sink) {
  const TiffInMemory tiff(source);
  if (tiff.get() == nullptr || !parts_are_bounded(tiff.get())) {
    return corrupt("the TIFF cannot be decoded");
  }
  RgbaView view(tiff.get());
  if (!view.begun()) return unsupported("this kind of TIFF can only stay a TIFF of its size");
  const PixelSize size = view.size();
  const std::uint32_t band_rows = rows_together(tiff.get(), size.height);
  std::vector<std::uint32_t> pixels;
  std::vector<std::uint8_t> row(size.width * channels_of(view.model()));
  sink.begin(size, view.model());
  for (std::uint32_t y = 0; y < size.height; y += band_rows) {
    const std::uint32_t rows = std::min(band_rows, size.height - y);
    if (!view.read(y, rows, pixels)) return corrupt("the TIFF's first page is cut off or damaged");
    for (std::size_t i = 0; i < rows; ++i) {
      send_row(pixels.data() + i * size.width, size, view.model(), row, sink);
    }
  }
  return icc_of(tiff.get());
}

Outcome<Coded> encode_tiff(Pixmap picture, Bytes icc, int) {
  using Deflater = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;
  const Deflater deflater(libdeflate_alloc_compressor(kLevel), &libdeflate_free_compressor);
  if (!deflater) throw std::bad_alloc();
  const std::size_t row_samples = picture.row_samples();
  const std::size_t strip_rows = std::max<std::size_t>(1, kStripBytes / row_samples);
  TiffFile file{true, {page_of(picture, icc, static_cast<std::uint32_t>(strip_rows))}};
  std::vector<Buffer> strips;
  for (std::size_t y = 0; y < picture.size.height; y += strip_rows) {
    const std::size_t rows = std::min<std::size_t>(strip_rows, picture.size.height - y);
    for (std::size_t i = 0; i < rows; ++i) {
      take_differences(picture.row(y + i), row_samples, channels_of(picture.model));
    }
    const std::size_t bytes = rows * row_samples;
    Buffer packed(libdeflate_zlib_compress_bound(deflater.get(), bytes));
    packed.resize(libdeflate_zlib_compress(deflater.get(), picture.row(y), bytes, packed.data(),
                                           packed.size()));
    strips.push_back(std::move(packed));
  }
  file.pages[0].parts.assign(strips.begin(), strips.end());
  return write_tiff(file);
}

}  // namespace imgmill::codec_worker
