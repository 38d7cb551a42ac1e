// Pixels to JPEG, for a change of format or size.
#include "codec_worker/formats/jpeg_decode.h"
#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_trouble.h"
#include "codec_worker/formats/row_writer.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kProfilePartBytesMax = 65'519;
constexpr std::size_t kProfilePartsMax = 255;
constexpr std::size_t kHeadBytes = 4;  // of a segment: marker and length

// The profile in APP2 segments; nothing where it is too large for these.
Buffer profile_segments(Bytes icc) {
  Buffer out;
  const std::size_t parts = (icc.size() + kProfilePartBytesMax - 1) / kProfilePartBytesMax;
  for (std::size_t i = 0; i < parts && parts <= kProfilePartsMax; ++i) {
    const Bytes rest = icc.subspan(i * kProfilePartBytesMax);
    const Bytes part = rest.first(std::min(kProfilePartBytesMax, rest.size()));
    append_be16(out, 0xffe2);
    append_be16(out, static_cast<std::uint32_t>(part.size() + 16));
    append(out, std::string_view("ICC_PROFILE\0", 12));
    append_u8(out, static_cast<std::uint32_t>(i + 1));
    append_u8(out, static_cast<std::uint32_t>(parts));
    append(out, part);
  }
  return out;
}

// Behind the first segment, which says what the colours are (JFIF or Adobe).
Buffer with_profile(Bytes file, Bytes icc) {
  ByteReader reader(file.subspan(kHeadBytes));
  const std::size_t head = std::min<std::size_t>(kHeadBytes + reader.be16(), file.size());
  const Buffer segments = profile_segments(icc);
  Buffer out;
  out.reserve(file.size() + segments.size());
  append(out, file.first(head));
  append(out, segments);
  append(out, file.subspan(head));
  return out;
}

class Writer final : public RowWriter {
 public:
  explicit Writer(int quality) : quality_(quality) { trouble_.attach(writer_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() override { jpeg_destroy_compress(&writer_); }

  void begin(PixelSize size, PixelModel model) override {
    size_ = size;
    if (too_large()) return;
    model_ = model;
    inverted_.resize(model == PixelModel::kCmyk ? size.width * channels_of(model) : 0);
    good_ = start();
  }
  void row(const std::uint8_t* samples) override {
    if (!good_) return;
    // Adobe's programs write ink as light.
    for (std::size_t i = 0; i < inverted_.size(); ++i) {
      inverted_[i] = static_cast<std::uint8_t>(255 - samples[i]);
    }
    good_ = write_row(inverted_.empty() ? samples : inverted_.data());
  }
  Outcome<Coded> finish(Bytes icc) override {
    if (too_large()) {
      return unsupported(
          "a JPEG has at most 65500 pixels a side: ask for a max_width or max_height");
    }
    if (!good_ || !end()) return std::unexpected(jpeg_fault(trouble_));
    Buffer out = with_profile(sink_.bytes(), icc);
    sink_.clear();
    if (!row_wise()) return out;
    // Its own steps again: only the Huffman tables get better.
    auto packed = requantise_jpeg(out, {.quality = quality_});
    if (packed && packed->has_value() && !(*packed)->empty()) return **std::move(packed);
    return out;
  }

 private:
  [[nodiscard]] bool too_large() const {
    return std::max(size_.width, size_.height) > JPEG_MAX_DIMENSION;
  }
  // libjpeg's way to the best Huffman tables holds all coefficients.
  [[nodiscard]] bool row_wise() const {
    return is_row_wise(std::uint64_t{size_.width} * size_.height);
  }

  // libjpeg may jump out of these three.
  bool start() {
    if (setjmp(trouble_.jump) != 0) return false;
    jpeg_create_compress(&writer_);
    sink_.attach(writer_);
    writer_.image_width = size_.width;
    writer_.image_height = size_.height;
    writer_.in_color_space = colours();
    writer_.input_components = static_cast<int>(channels_of(without_alpha(model_)));
    jpeg_set_defaults(&writer_);
    jpeg_set_quality(&writer_, quality_, TRUE);
    writer_.optimize_coding = row_wise() ? FALSE : TRUE;
    if (quality_ >= kFullChromaQuality) {
      writer_.comp_info[0].h_samp_factor = 1;
      writer_.comp_info[0].v_samp_factor = 1;
    }
    jpeg_start_compress(&writer_, TRUE);
    return true;
  }
  bool write_row(const std::uint8_t* samples) {
    if (setjmp(trouble_.jump) != 0) return false;
    // libjpeg does not write to it.
    JSAMPROW row = const_cast<JSAMPROW>(samples);
    jpeg_write_scanlines(&writer_, &row, 1);
    return true;
  }
  bool end() {
    if (setjmp(trouble_.jump) != 0) return false;
    jpeg_finish_compress(&writer_);
    return true;
  }

  [[nodiscard]] J_COLOR_SPACE colours() const {
    if (is_grey(model_)) return JCS_GRAYSCALE;
    return model_ == PixelModel::kCmyk ? JCS_CMYK : JCS_RGB;
  }

  int quality_;
  bool good_ = false;
  PixelSize size_;
  PixelModel model_ = PixelModel::kRgb;
  std::vector<std::uint8_t> inverted_;
  JpegTrouble trouble_;
  jpeg_compress_struct writer_{};
  JpegSink sink_;
};

}  // namespace

std::unique_ptr<RowWriter> write_jpeg_rows(int quality) {
  return std::make_unique<Writer>(quality);
}

Outcome<Coded> encode_jpeg(Pixmap picture, Bytes icc, int quality) {
  Writer writer(quality);
  writer.take(std::move(picture));
  return writer.finish(icc);
}

}  // namespace imgmill::codec_worker
