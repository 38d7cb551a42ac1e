// Rows to WebP, straight into the planes that libwebp codes: half the memory of a picture.
#include <algorithm>
#include <new>

#include "codec_worker/formats/row_writer.h"
#include "codec_worker/formats/webp.h"
#include "codec_worker/formats/webp_chunks.h"
#include "codec_worker/formats/webp_coder.h"

namespace imgmill::codec_worker {
namespace {

// Even: chroma is of two rows.
constexpr std::size_t kStripRows = 16;

void copy_plane(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride,
                int width, int height) {
  for (int y = 0; y < height; ++y) {
    std::memcpy(to + std::ptrdiff_t{y} * to_stride, from + std::ptrdiff_t{y} * from_stride,
                static_cast<std::size_t>(width));
  }
}

class Writer final : public RowWriter {
 public:
  explicit Writer(int quality) : quality_(quality) {}

  void begin(PixelSize size, PixelModel model) override {
    size_ = size;
    if (too_large()) return;
    model_ = model;
    WebPPicture& planes = coder_.picture();
    planes.use_argb = 0;
    planes.colorspace = has_alpha(model) ? WEBP_YUV420A : WEBP_YUV420;
    planes.width = static_cast<int>(size.width);
    planes.height = static_cast<int>(size.height);
    if (WebPPictureAlloc(&planes) == 0) throw std::bad_alloc();
    strip_.reserve(kStripRows * size.width * colours());
  }

  void row(const std::uint8_t* samples) override {
    if (too_large()) return;
    append_row(samples);
    if (strip_.size() == kStripRows * size_.width * colours()) convert_strip();
  }

  Outcome<Coded> finish(Bytes icc) override {
    if (too_large()) return webp_too_large();
    if (!strip_.empty()) convert_strip();
    WebPConfig config = lossy_webp(quality_);
    // Else all tokens of the picture stand in memory once more.
    config.low_memory = 1;
    if (auto coded = coder_.encode(config); !coded) return std::unexpected(coded.error());
    WebPPictureFree(&coder_.picture());
    return with_webp_icc(coder_.coded(), icc, size_);
  }

 private:
  [[nodiscard]] bool too_large() const {
    return std::max(size_.width, size_.height) > kWebpSideMax;
  }
  // libwebp has no grey.
  [[nodiscard]] std::size_t colours() const { return has_alpha(model_) ? 4 : 3; }

  void append_row(const std::uint8_t* samples) {
    const std::size_t count = size_.width * channels_of(model_);
    if (!is_grey(model_)) {
      strip_.insert(strip_.end(), samples, samples + count);
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      strip_.insert(strip_.end(), 3, samples[i]);
      if (has_alpha(model_)) strip_.push_back(samples[++i]);
    }
  }

  void convert_strip() {
    WebPPicture strip;
    if (WebPPictureInit(&strip) == 0) std::abort();
    const auto stride = static_cast<int>(size_.width * colours());
    strip.width = static_cast<int>(size_.width);
    strip.height = static_cast<int>(strip_.size()) / stride;
    const int done = has_alpha(model_) ? WebPPictureImportRGBA(&strip, strip_.data(), stride)
                                       : WebPPictureImportRGB(&strip, strip_.data(), stride);
    if (done == 0) throw std::bad_alloc();
    place(strip);
    WebPPictureFree(&strip);
    rows_done_ += strip.height;
    strip_.clear();
  }

  void place(const WebPPicture& strip) {
    const WebPPicture& all = coder_.picture();
    const std::ptrdiff_t chroma_at = std::ptrdiff_t{rows_done_} / 2 * all.uv_stride;
    const int half_width = (strip.width + 1) / 2;
    const int half_height = (strip.height + 1) / 2;
    copy_plane(strip.y, strip.y_stride, all.y + std::ptrdiff_t{rows_done_} * all.y_stride,
               all.y_stride, strip.width, strip.height);
    copy_plane(strip.u, strip.uv_stride, all.u + chroma_at, all.uv_stride, half_width, half_height);
    copy_plane(strip.v, strip.uv_stride, all.v + chroma_at, all.uv_stride, half_width, half_height);
    if (all.a == nullptr) return;
    std::uint8_t* alpha = all.a + std::ptrdiff_t{rows_done_} * all.a_stride;
    if (strip.a != nullptr) {
      copy_plane(strip.a, strip.a_stride, alpha, all.a_stride, strip.width, strip.height);
    } else {  // libwebp leaves out what is solid
      std::memset(alpha, 0xff,
                  static_cast<std::size_t>(all.a_stride) * static_cast<std::size_t>(strip.height));
    }
  }

  int quality_;
  PixelSize size_;
  PixelModel model_ = PixelModel::kRgb;
  WebpCoder coder_;
  std::vector<std::uint8_t> strip_;
  int rows_done_ = 0;
};

}  // namespace

std::unique_ptr<RowWriter> write_webp_rows(int quality) {
  return std::make_unique<Writer>(quality);
}

}  // namespace imgmill::codec_worker
