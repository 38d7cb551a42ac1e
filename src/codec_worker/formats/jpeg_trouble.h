// What is common to a JPEG read and a JPEG written row by row with libjpeg: its errors, and where
// its output goes.
//
// libjpeg's way out of an error is a long jump: between setjmp and a call that may jump, no frame
// has a local with a destructor.
#pragma once

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

struct JpegTrouble {
  jpeg_error_mgr manager{};
  std::jmp_buf jump{};
  int error = 0;  // libjpeg's message code; 0 for none

  // Errors of the codec jump to `jump` from now on. Warnings are of damage that libjpeg has made
  // the best of.
  void attach(jpeg_decompress_struct& reader);
  void attach(jpeg_compress_struct& writer);

 private:
  void start();
};

// Gives up on a JPEG of more scans, or of more work, or of more memory for its scans than any
// encoder's. Behind jpeg_create_decompress().
void limit_jpeg_reader(jpeg_decompress_struct& reader, jpeg_progress_mgr& progress);

// Why it did not finish: kTooManyPixels when libjpeg may not have the memory, else kCorruptImage.
// Throws std::bad_alloc when it was that.
[[nodiscard]] ImageFault jpeg_fault(const JpegTrouble& trouble);

// Where a writer's bytes go. libjpeg's own memory destination loses track of its memory when an
// error jumps out, and a vector's exceptions may not pass through libjpeg, so this is malloc's.
class JpegSink {
 public:
  JpegSink() = default;
  JpegSink(const JpegSink&) = delete;
  JpegSink& operator=(const JpegSink&) = delete;
  ~JpegSink();

  void attach(jpeg_compress_struct& writer);
  [[nodiscard]] Bytes bytes() const;
  // The bytes are gone; the writer is finished.
  void clear();

 private:
  static boolean grow(j_compress_ptr writer);

  jpeg_destination_mgr manager_{};  // first: libjpeg's pointer to it is ours
  unsigned char* bytes_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace imgmill::codec_worker
