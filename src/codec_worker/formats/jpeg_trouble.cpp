#include "codec_worker/formats/jpeg_trouble.h"

#include <cstdlib>
#include <new>

#include <jerror.h>

#include "codec_worker/formats/jpeg_requant.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kSinkBytes = 64 << 10;

JpegTrouble& trouble_of(j_common_ptr codec) {
  return *reinterpret_cast<JpegTrouble*>(codec->err);  // manager is its first member
}

[[noreturn]] void on_error(j_common_ptr codec) {
  JpegTrouble& trouble = trouble_of(codec);
  trouble.error = codec->err->msg_code;
  std::longjmp(trouble.jump, 1);
}

void on_message(j_common_ptr, int) {}

void on_progress(j_common_ptr codec) {
  auto* reader = reinterpret_cast<j_decompress_ptr>(codec);
  const std::uint64_t blocks = std::uint64_t{reader->total_iMCU_rows} * reader->MCUs_per_row *
                               static_cast<unsigned>(reader->blocks_in_MCU);
  const auto scans = static_cast<std::uint64_t>(reader->input_scan_number);
  if (scans > kJpegScansMax || scans * blocks > kJpegBlockVisitsMax) {
    ERREXIT(codec, JERR_BAD_PROGRESSION);
  }
}

}  // namespace

void JpegTrouble::start() {
  jpeg_std_error(&manager);
  manager.error_exit = on_error;
  manager.emit_message = on_message;
}

void JpegTrouble::attach(jpeg_decompress_struct& reader) {
  start();
  reader.err = &manager;
}

void JpegTrouble::attach(jpeg_compress_struct& writer) {
  start();
  writer.err = &manager;
}

void limit_jpeg_reader(jpeg_decompress_struct& reader, jpeg_progress_mgr& progress) {
  progress.progress_monitor = on_progress;
  reader.progress = &progress;
  reader.mem->max_memory_to_use = kJpegStoreBytesMax;
}

ImageFault jpeg_fault(const JpegTrouble& trouble) {
  if (trouble.error == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
  if (trouble.error == JERR_NO_BACKING_STORE) {
    return {FaultCode::kTooManyPixels,
            "a progressive JPEG of so many pixels needs more memory than is allowed"};
  }
  return {FaultCode::kCorruptImage, "the JPEG is damaged and cannot be decoded"};
}

JpegSink::~JpegSink() { std::free(bytes_); }

void JpegSink::attach(jpeg_compress_struct& writer) {
  manager_.init_destination = [](j_compress_ptr codec) { grow(codec); };
  manager_.empty_output_buffer = grow;
  manager_.term_destination = [](j_compress_ptr) {};
  writer.dest = &manager_;
}

Bytes JpegSink::bytes() const {
  return {reinterpret_cast<const std::byte*>(bytes_), capacity_ - manager_.free_in_buffer};
}

void JpegSink::clear() {
  std::free(bytes_);
  bytes_ = nullptr;
  capacity_ = 0;
}

// Called when the room that was there is full, whatever free_in_buffer says.
boolean JpegSink::grow(j_compress_ptr writer) {
  JpegSink& sink = *reinterpret_cast<JpegSink*>(writer->dest);
  const std::size_t added = sink.capacity_ == 0 ? kSinkBytes : sink.capacity_;
  auto* more = static_cast<unsigned char*>(std::realloc(sink.bytes_, sink.capacity_ + added));
  if (more == nullptr) ERREXIT1(writer, JERR_OUT_OF_MEMORY, 0);
  sink.bytes_ = more;
  sink.manager_.next_output_byte = more + sink.capacity_;
  sink.manager_.free_in_buffer = added;
  sink.capacity_ += added;
  return TRUE;
}

}  // namespace imgmill::codec_worker
