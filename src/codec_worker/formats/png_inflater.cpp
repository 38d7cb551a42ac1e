#include "codec_worker/formats/png_inflater.h"

#include <new>

#include <zlib.h>

namespace imgmill::codec_worker {

struct PngInflater::Stream {
  Stream() {
    if (inflateInit(&zlib) != Z_OK) throw std::bad_alloc();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&zlib); }

  z_stream zlib{};
};

PngInflater::PngInflater(Bytes source) : chunks_(source), stream_(std::make_unique<Stream>()) {}

PngInflater::~PngInflater() = default;

// Goes on to the next chunk of data that holds some.
bool PngInflater::feed() {
  while (const auto chunk = chunks_.next()) {
    if (chunk->type != four("IDAT") || chunk->data.empty()) continue;
    // zlib does not write to it.
    auto* bytes = reinterpret_cast<Bytef*>(const_cast<std::byte*>(chunk->data.data()));
    stream_->zlib.next_in = bytes;
    stream_->zlib.avail_in = static_cast<uInt>(chunk->data.size());
    return true;
  }
  return false;
}

std::size_t PngInflater::inflate_some(std::span<std::byte> out) {
  z_stream& zlib = stream_->zlib;
  while (!ended_) {
    if (zlib.avail_in == 0 && !feed()) return 0;
    zlib.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&zlib, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_STREAM_END) return 0;
    ended_ = result == Z_STREAM_END;
    const std::size_t got = out.size() - zlib.avail_out;
    if (got > 0) return got;
  }
  return 0;
}

bool PngInflater::read(std::span<std::byte> out) {
  while (!out.empty()) {
    const std::size_t got = inflate_some(out);
    if (got == 0) return false;
    out = out.subspan(got);
  }
  return true;
}

bool PngInflater::ends() {
  // As much as read_png() lets pass.
  Buffer surplus(kPngSurplusBytes + 1);
  std::size_t got = 0;
  while (!ended_ && got < surplus.size()) {
    const std::size_t more = inflate_some(std::span(surplus).subspan(got));
    if (more == 0) break;
    got += more;
  }
  return ended_ && got <= kPngSurplusBytes;
}

}  // namespace imgmill::codec_worker
