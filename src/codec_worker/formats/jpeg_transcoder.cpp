#include "codec_worker/formats/jpeg_transcoder.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <jpeglib.h>
// Behind jpeglib.h, which it needs.
#include <jerror.h>

#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_segments.h"

namespace imgmill::codec_worker {
namespace {

// The writer holds all coefficients of a picture to find the best Huffman codes: 48 MB of these.
constexpr std::uint64_t kOptimisedPixelsMax = 16'000'000;

// libjpeg's way out of an error is a long jump to here; what it said is kept as its message code.
struct Trouble {
  jpeg_error_mgr manager{};
  std::jmp_buf jump{};
  int error = 0;
};

Trouble& trouble_of(j_common_ptr codec) {
  return *reinterpret_cast<Trouble*>(codec->err);  // manager is its first member
}

[[noreturn]] void on_error(j_common_ptr codec) {
  Trouble& trouble = trouble_of(codec);
  trouble.error = codec->err->msg_code;
  std::longjmp(trouble.jump, 1);
}

// Warnings are of damage that libjpeg has made the best of.
void on_message(j_common_ptr, int) {}

void on_progress(j_common_ptr codec) {
  if (codec->is_decompressor == 0) return;
  auto* reader = reinterpret_cast<j_decompress_ptr>(codec);
  const std::uint64_t blocks = std::uint64_t{reader->total_iMCU_rows} * reader->MCUs_per_row *
                               static_cast<unsigned>(reader->blocks_in_MCU);
  const auto scans = static_cast<std::uint64_t>(reader->input_scan_number);
  if (scans > kJpegScansMax || scans * blocks > kJpegBlockVisitsMax) {
    ERREXIT(codec, JERR_BAD_PROGRESSION);
  }
}

// Where the writer's bytes go. libjpeg's own memory destination loses track of its memory when an
// error jumps out, and a vector's exceptions may not pass through libjpeg, so this is malloc's
// memory.
struct Sink {
  jpeg_destination_mgr manager{};
  unsigned char* bytes = nullptr;
  std::size_t capacity = 0;

  static Sink& of(j_compress_ptr writer) { return *reinterpret_cast<Sink*>(writer->dest); }
  [[nodiscard]] std::size_t size() const { return capacity - manager.free_in_buffer; }
};

constexpr std::size_t kSinkBytes = 64 << 10;

// Called when the room that was there is full, whatever free_in_buffer says.
boolean grow(j_compress_ptr writer) {
  Sink& sink = Sink::of(writer);
  const std::size_t added = sink.capacity == 0 ? kSinkBytes : sink.capacity;
  auto* more = static_cast<unsigned char*>(std::realloc(sink.bytes, sink.capacity + added));
  if (more == nullptr) ERREXIT1(writer, JERR_OUT_OF_MEMORY, 0);
  sink.bytes = more;
  sink.manager.next_output_byte = more + sink.capacity;
  sink.manager.free_in_buffer = added;
  sink.capacity += added;
  return TRUE;
}

void start_sink(j_compress_ptr writer) { grow(writer); }
void end_sink(j_compress_ptr) {}

// One source read and one rendition written at the same time, row by row.
class Transcoder {
 public:
  Transcoder() {
    jpeg_std_error(&trouble_.manager);
    trouble_.manager.error_exit = on_error;
    trouble_.manager.emit_message = on_message;
    reader_.err = &trouble_.manager;
    writer_.err = &trouble_.manager;
    progress_.progress_monitor = on_progress;
  }
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;
  ~Transcoder() {
    jpeg_destroy_decompress(&reader_);
    jpeg_destroy_compress(&writer_);
    std::free(sink_.bytes);
  }

  Outcome<Buffer> run(Bytes source, int quality);

 private:
  // libjpeg may jump out of these, over their frames: no local of theirs has a destructor.
  bool transcode(Bytes source, int quality, Bytes orientation);
  void read_header(Bytes source);
  void start_writer(int quality);
  void write_metadata(Bytes source, Bytes orientation);
  void copy_rows();

  [[nodiscard]] Outcome<void> judge(bool finished) const;

  Trouble trouble_;
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct reader_{};
  jpeg_compress_struct writer_{};
  Sink sink_;
};

bool has_picture_data(Bytes source) {
  constexpr std::size_t kHeadBytes = 4;  // marker and length
  JpegSegments segments(source);
  while (const auto segment = segments.next()) {
    if (segment->marker != kJpegSos) continue;
    if (segment->whole.size() > kHeadBytes + segment->payload.size()) return true;
  }
  return false;
}

Outcome<Buffer> Transcoder::run(Bytes source, int quality) {
  const auto exif = first_jpeg_exif(source);
  const Buffer orientation = exif ? jpeg_orientation_payload(*exif) : Buffer{};
  const bool finished = transcode(source, quality, orientation);
  if (auto judged = judge(finished); !judged) return std::unexpected(judged.error());
  const auto* first = reinterpret_cast<const std::byte*>(sink_.bytes);
  return Buffer(first, first + sink_.size());
}

Outcome<void> Transcoder::judge(bool finished) const {
  if (trouble_.error == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
  if (trouble_.error == JERR_NO_BACKING_STORE) {
    return fault(FaultCode::kTooManyPixels,
                 "a progressive JPEG of so many pixels needs more memory than is allowed");
  }
  if (!finished) return corrupt("the JPEG is damaged and cannot be decoded");
  return {};
}

bool Transcoder::transcode(Bytes source, int quality, Bytes orientation) {
  if (setjmp(trouble_.jump) != 0) return false;
  read_header(source);
  start_writer(quality);
  write_metadata(source, orientation);
  copy_rows();
  return true;
}

void Transcoder::read_header(Bytes source) {
  jpeg_create_decompress(&reader_);
  reader_.progress = &progress_;
  reader_.mem->max_memory_to_use = kJpegStoreBytesMax;
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
  jpeg_start_decompress(&reader_);
}

void Transcoder::start_writer(int quality) {
  jpeg_create_compress(&writer_);
  sink_.manager.init_destination = start_sink;
  sink_.manager.empty_output_buffer = grow;
  sink_.manager.term_destination = end_sink;
  writer_.dest = &sink_.manager;
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
  const bool full_chroma = quality >= kJpegFullChromaQuality && reader_.num_components > 1 &&
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
  if (!has_picture_data(source)) return corrupt("the JPEG ends before its picture data");
  return Transcoder().run(source, quality);
}

}  // namespace imgmill::codec_worker
