#include <new>

#include <zlib.h>

#include "codec_worker/formats/png_rows.h"

namespace imgmill::codec_worker {
namespace {

// A third of the time of zlib's 6, for some 3 % more bytes.
constexpr int kLevel = 4;
constexpr std::size_t kPieceBytes = 1 << 20;

}  // namespace

struct PngPacker::Stream {
  Stream() {
    if (deflateInit(&zlib, kLevel) != Z_OK) throw std::bad_alloc();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { deflateEnd(&zlib); }

  z_stream zlib{};
};

PngPacker::PngPacker() : stream_(std::make_unique<Stream>()) {}

PngPacker::~PngPacker() = default;

void PngPacker::deflate_pending(int flush) {
  z_stream& zlib = stream_->zlib;
  int result = Z_OK;
  do {
    if (zlib.avail_out == 0) {
      Buffer& piece = pieces_.emplace_back(kPieceBytes);
      zlib.next_out = reinterpret_cast<Bytef*>(piece.data());
      zlib.avail_out = static_cast<uInt>(piece.size());
    }
    result = deflate(&zlib, flush);
  } while (flush == Z_FINISH ? result != Z_STREAM_END : zlib.avail_in > 0);
}

void PngPacker::add(Bytes filtered) {
  z_stream& zlib = stream_->zlib;
  // zlib does not write to it.
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(filtered.data()));
  zlib.avail_in = static_cast<uInt>(filtered.size());
  deflate_pending(Z_NO_FLUSH);
}

Buffer PngPacker::finish(const PngImage& image, Bytes before_palette, Bytes behind_palette) {
  deflate_pending(Z_FINISH);
  pieces_.back().resize(pieces_.back().size() - stream_->zlib.avail_out);
  Buffer out;
  constexpr std::size_t kChunkBytes = 12;
  out.reserve(pieces_.size() * (kPieceBytes + kChunkBytes) + before_palette.size() +
              behind_palette.size() + 1'200);
  append_png_front(out, image, before_palette, behind_palette);
  for (Buffer& piece : pieces_) {
    append_png_chunk(out, four("IDAT"), piece);
    piece = {};
  }
  append_png_chunk(out, four("IEND"), {});
  return out;
}

}  // namespace imgmill::codec_worker
