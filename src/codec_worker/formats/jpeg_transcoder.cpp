#include "codec_worker/formats/jpeg_transcoder.h"

#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_segments.h"
#include "codec_worker/formats/jpeg_trouble.h"
// Behind jpeglib.h, which it needs.
#include <jerror.h>

namespace imgmill::codec_worker {
namespace {

// The writer holds all coefficients of a picture to find the best Huffman codes: 48 MB of these.
constexpr std::uint64_t kOptimisedPixelsMax = 16'000'000;

// One source read and one rendition written at the same time, row by row.
class Transcoder {
 public:
  Transcoder() {
    trouble_.attach(reader_);
    trouble_.attach(writer_);
  }
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;
  ~Transcoder() {
    jpeg_destroy_decompress(&reader_);
    jpeg_destroy_compress(&writer_);
  }

  Outcome<Buffer> run(Bytes source, int quality);

 private:
  // libjpeg may jump out of these, over their frames: no local of theirs has a destructor.
  bool transcode(Bytes source, int quality, Bytes orientation);
  void read_header(Bytes source);
  [[nodiscard]] bool can_shrink(Bytes source) const;
  void glance();
  void start_writer(int quality);
  void write_metadata(Bytes source, Bytes orientation);
  void copy_rows();

  JpegTrouble trouble_;
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct reader_{};
  jpeg_compress_struct writer_{};
  JpegSink sink_;
};

Outcome<Buffer> Transcoder::run(Bytes source, int quality) {
  const auto exif = first_jpeg_exif(source);
  const Buffer orientation = exif ? jpeg_orientation_payload(*exif) : Buffer{};
  if (!transcode(source, quality, orientation)) return std::unexpected(jpeg_fault(trouble_));
  return Buffer(sink_.bytes().begin(), sink_.bytes().end());
}

bool Transcoder::transcode(Bytes source, int quality, Bytes orientation) {
  if (setjmp(trouble_.jump) != 0) return false;
  read_header(source);
  if (!can_shrink(source)) {
    glance();
    return true;
  }
  jpeg_start_decompress(&reader_);
  start_writer(quality);
  write_metadata(source, orientation);
  copy_rows();
  return true;
}

void Transcoder::read_header(Bytes source) {
  jpeg_create_decompress(&reader_);
  limit_jpeg_reader(reader_, progress_);
  jpeg_mem_src(&reader_, reinterpret_cast<const unsigned char*>(source.data()), source.size());
  jpeg_read_header(&reader_, TRUE);
  // Without a change of colour model nothing is lost on the way, and CMYK stays what it was.
  switch (reader_.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_YCbCr:
    case JCS_RGB:
      reader_.out_color_space = reader_.jpeg_color_space;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      reader_.out_color_space = JCS_CMYK;
      break;
    default:
      ERREXIT(&reader_, JERR_CONVERSION_NOTIMPL);
  }
}

// A block of a rendition takes two bits at least. Arithmetic coding takes next to none for a flat
// one, so that a few bytes may claim a hundred megapixels.
bool Transcoder::can_shrink(Bytes source) const {
  const std::uint64_t blocks = ((std::uint64_t{reader_.image_width} + 7) / 8) *
                               ((std::uint64_t{reader_.image_height} + 7) / 8);
  return blocks * 2 / 8 < source.size();
}

// The first MCUs, so that what cannot be decoded at all is still found out.
void Transcoder::glance() {
  if (jpeg_has_multiple_scans(&reader_) != FALSE) {
    reader_.buffered_image = TRUE;
    jpeg_start_decompress(&reader_);
    jpeg_consume_input(&reader_);
    return;
  }
  jpeg_start_decompress(&reader_);
  JSAMPARRAY row = reader_.mem->alloc_sarray(
      reinterpret_cast<j_common_ptr>(&reader_), JPOOL_IMAGE,
      reader_.output_width * static_cast<JDIMENSION>(reader_.output_components), 1);
  jpeg_read_scanlines(&reader_, row, 1);
}

void Transcoder::start_writer(int quality) {
  jpeg_create_compress(&writer_);
  sink_.attach(writer_);
  writer_.image_width = reader_.output_width;
  writer_.image_height = reader_.output_height;
  writer_.input_components = reader_.output_components;
  writer_.in_color_space = reader_.out_color_space;
  jpeg_set_defaults(&writer_);
  if (reader_.jpeg_color_space == JCS_YCCK) jpeg_set_colorspace(&writer_, JCS_YCCK);
  jpeg_set_quality(&writer_, quality, TRUE);
  writer_.optimize_coding =
      std::uint64_t{reader_.output_width} * reader_.output_height <= kOptimisedPixelsMax ? TRUE
                                                                                         : FALSE;
  const bool full_chroma = quality >= kFullChromaQuality && reader_.num_components > 1 &&
                           reader_.max_h_samp_factor == 1 && reader_.max_v_samp_factor == 1;
  if (full_chroma) {
    writer_.comp_info[0].h_samp_factor = 1;
    writer_.comp_info[0].v_samp_factor = 1;
    if (writer_.num_components == 4) {
      writer_.comp_info[3].h_samp_factor = 1;
      writer_.comp_info[3].v_samp_factor = 1;
    }
  }
  if (reader_.saw_JFIF_marker != 0) {
    writer_.density_unit = reader_.density_unit;
    writer_.X_density = reader_.X_density;
    writer_.Y_density = reader_.Y_density;
  }
  jpeg_start_compress(&writer_, TRUE);
}

void Transcoder::write_metadata(Bytes source, Bytes orientation) {
  const auto write = [this](int marker, Bytes payload) {
    jpeg_write_marker(&writer_, marker, reinterpret_cast<const JOCTET*>(payload.data()),
                      static_cast<unsigned>(payload.size()));
  };
  if (!orientation.empty()) write(kJpegApp1, orientation);
  if (!has_sound_jpeg_icc(source)) return;
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker == kJpegSos) break;
    if (is_jpeg_icc(*segment)) write(kJpegApp2, segment->payload);
  }
}

void Transcoder::copy_rows() {
  const auto row_samples = static_cast<JDIMENSION>(
      reader_.output_width * static_cast<unsigned>(reader_.output_components));
  const auto row_count = static_cast<JDIMENSION>(reader_.rec_outbuf_height);
  JSAMPARRAY rows = reader_.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&reader_), JPOOL_IMAGE,
                                              row_samples, row_count);
  while (reader_.output_scanline < reader_.output_height) {
    const JDIMENSION got = jpeg_read_scanlines(&reader_, rows, row_count);
    jpeg_write_scanlines(&writer_, rows, got);
  }
  // The reader is not finished: that would only look for faults behind the last row.
  jpeg_finish_compress(&writer_);
}

}  // namespace

Outcome<Buffer> transcode_jpeg(Bytes source, int quality) {
  if (!has_jpeg_picture_data(source)) return corrupt("the JPEG ends before its picture data");
  return Transcoder().run(source, quality);
}

}  // namespace imgmill::codec_worker
