#include "codec_worker/formats/jpeg_decode.h"

#include <cstdlib>

#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_segments.h"
#include "codec_worker/formats/jpeg_trouble.h"
// Behind jpeglib.h, which it needs.
#include <jerror.h>

namespace imgmill::codec_worker {
namespace {

constexpr int kIccMarker = JPEG_APP0 + 2;
constexpr unsigned kMarkerBytesMax = 0xffff;

// The library's box shrink sharpens, so at least a factor of two is left for the resampler.
unsigned shrink_of(PixelSize size, PixelSize wanted) {
  const std::uint32_t across = size.width / std::max(1U, wanted.width);
  const std::uint32_t down = size.height / std::max(1U, wanted.height);
  const std::uint32_t shrink = std::min(across, down);
  if (shrink >= 16) return 8;
  if (shrink >= 8) return 4;
  return shrink >= 4 ? 2 : 1;
}

class Reader {
 public:
  Reader() { trouble_.attach(reader_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    jpeg_destroy_decompress(&reader_);
    std::free(icc_);
  }

  Outcome<Buffer> run(Bytes source, PixelSize wanted, RowSink& sink) {
    if (!open(source, wanted)) return std::unexpected(jpeg_fault(trouble_));
    const PixelModel model = model_of(reader_.out_color_space);
    sink.begin({reader_.output_width, reader_.output_height}, model);
    row_.resize(reader_.output_width * channels_of(model));
    while (reader_.output_scanline < reader_.output_height) {
      if (!read_row()) return std::unexpected(jpeg_fault(trouble_));
      sink.row(row_.data());
    }
    // The reader is not finished: that would only look for faults behind the last row.
    return Buffer(reinterpret_cast<const std::byte*>(icc_),
                  reinterpret_cast<const std::byte*>(icc_) + icc_bytes_);
  }

 private:
  static PixelModel model_of(J_COLOR_SPACE space) {
    if (space == JCS_GRAYSCALE) return PixelModel::kGrey;
    return space == JCS_CMYK ? PixelModel::kCmyk : PixelModel::kRgb;
  }

  // libjpeg may jump out of these two.
  bool open(Bytes source, PixelSize wanted) {
    if (setjmp(trouble_.jump) != 0) return false;
    jpeg_create_decompress(&reader_);
    limit_jpeg_reader(reader_, progress_);
    jpeg_save_markers(&reader_, kIccMarker, kMarkerBytesMax);
    jpeg_mem_src(&reader_, reinterpret_cast<const unsigned char*>(source.data()), source.size());
    jpeg_read_header(&reader_, TRUE);
    choose_colours();
    reader_.scale_num = 1;
    reader_.scale_denom = shrink_of({reader_.image_width, reader_.image_height}, wanted);
    if (jpeg_read_icc_profile(&reader_, &icc_, &icc_bytes_) == 0) icc_bytes_ = 0;
    jpeg_start_decompress(&reader_);
    return true;
  }

  void choose_colours() {
    switch (reader_.jpeg_color_space) {
      case JCS_GRAYSCALE:
        reader_.out_color_space = JCS_GRAYSCALE;
        return;
      case JCS_YCbCr:
      case JCS_RGB:
        reader_.out_color_space = JCS_RGB;
        return;
      case JCS_CMYK:
      case JCS_YCCK:
        reader_.out_color_space = JCS_CMYK;
        return;
      default:
        ERREXIT(&reader_, JERR_CONVERSION_NOTIMPL);
    }
  }

  bool read_row() {
    if (setjmp(trouble_.jump) != 0) return false;
    JSAMPROW row = row_.data();
    if (jpeg_read_scanlines(&reader_, &row, 1) != 1) return false;
    // Adobe's programs write ink as light.
    if (reader_.out_color_space == JCS_CMYK && reader_.saw_Adobe_marker != 0) {
      for (std::uint8_t& sample : row_) sample = static_cast<std::uint8_t>(255 - sample);
    }
    return true;
  }

  JpegTrouble trouble_;
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct reader_{};
  JOCTET* icc_ = nullptr;
  unsigned icc_bytes_ = 0;
  std::vector<std::uint8_t> row_;
};

}  // namespace

Outcome<Buffer> decode_jpeg(Bytes source, PixelSize wanted, RowSink& sink) {
  if (!has_jpeg_picture_data(source)) return corrupt("the JPEG ends before its picture data");
  return Reader().run(source, wanted, sink);
}

}  // namespace imgmill::codec_worker
