#include "codec_worker/formats/png_icc.h"

#include <memory>
#include <new>

#include <libdeflate.h>

#include "codec_worker/formats/icc.h"
#include "codec_worker/formats/png_chunks.h"

namespace imgmill::codec_worker {
namespace {

// As icc.cpp takes them.
constexpr std::size_t kProfileBytesMax = 8 << 20;
constexpr std::size_t kProfileBytesUsual = 16 << 10;
constexpr std::size_t kNameBytesMax = 79;
constexpr int kLevel = 9;

Buffer inflate_profile(Bytes iccp) {
  std::size_t name_end = 0;
  while (name_end < iccp.size() && iccp[name_end] != std::byte{0}) ++name_end;
  // Behind the name's end: the method, which is always 0.
  if (name_end > kNameBytesMax || name_end + 2 > iccp.size()) return {};
  const Bytes packed = iccp.subspan(name_end + 2);
  using Inflater =
      std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>;
  const Inflater inflater(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!inflater) throw std::bad_alloc();
  for (std::size_t room = kProfileBytesUsual; room <= kProfileBytesMax; room *= 8) {
    Buffer profile(room);
    std::size_t size = 0;
    const auto result = libdeflate_zlib_decompress(inflater.get(), packed.data(), packed.size(),
                                                   profile.data(), profile.size(), &size);
    profile.resize(result == LIBDEFLATE_SUCCESS ? size : 0);
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return profile;
  }
  return {};
}

}  // namespace

std::optional<Bytes> find_png_chunk(Bytes chunks, std::uint32_t type) {
  ByteReader reader(chunks);
  while (reader.left() > 8) {
    const std::uint32_t length = reader.be32();
    const std::uint32_t found = reader.be32();
    const Bytes data = reader.take(length);
    reader.skip(4);
    if (found == type && reader.ok()) return data;
  }
  return std::nullopt;
}

Buffer png_icc(Bytes colour_chunks) {
  if (const auto cicp = find_png_chunk(colour_chunks, four("cICP"))) {
    ByteReader reader(*cicp);
    const std::uint32_t primaries = reader.u8();
    const std::uint32_t transfer = reader.u8();
    return icc_of_code_points(primaries, transfer);
  }
  const auto iccp = find_png_chunk(colour_chunks, four("iCCP"));
  return iccp ? inflate_profile(*iccp) : Buffer{};
}

bool is_sound_iccp(Bytes iccp) { return icc_is_sound(inflate_profile(iccp)); }

void append_png_icc(Buffer& out, Bytes icc) {
  if (icc.empty()) return;
  using Deflater = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;
  const Deflater deflater(libdeflate_alloc_compressor(kLevel), &libdeflate_free_compressor);
  if (!deflater) throw std::bad_alloc();
  Buffer packed(libdeflate_zlib_compress_bound(deflater.get(), icc.size()));
  packed.resize(libdeflate_zlib_compress(deflater.get(), icc.data(), icc.size(), packed.data(),
                                         packed.size()));
  Buffer data;
  append(data, std::string_view("icc\0\0", 5));
  append(data, packed);
  append_png_chunk(out, four("iCCP"), data);
}

}  // namespace imgmill::codec_worker
