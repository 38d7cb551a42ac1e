#include "codec_worker/formats/png_icc.h"

#include <memory>
#include <new>

#include <libdeflate.h>
#include <zlib.h>

#include "codec_worker/formats/icc.h"
#include "codec_worker/formats/png_chunks.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kNameBytesMax = 79;
constexpr std::size_t kSurplusBytesMax = 4'096;  // behind the profile's end
constexpr int kLevel = 9;

class Inflater {
 public:
  explicit Inflater(Bytes packed) {
    if (inflateInit(&zlib_) != Z_OK) throw std::bad_alloc();
    // zlib does not write to it.
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
    zlib_.avail_in = static_cast<uInt>(packed.size());
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&zlib_); }

  // Fewer bytes than there is room for at the end, and where the data are damaged.
  std::size_t read(std::span<std::byte> out) {
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&zlib_, Z_SYNC_FLUSH);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    ended_ = result == Z_STREAM_END;
    return out.size() - zlib_.avail_out;
  }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  z_stream zlib_{};
  bool ended_ = false;
};

// The header first: what does not begin as a profile is unpacked no further.
Buffer inflate_profile(Bytes iccp) {
  std::size_t name_end = 0;
  while (name_end < iccp.size() && iccp[name_end] != std::byte{0}) ++name_end;
  // Behind the name's end: the method, which is always 0.
  if (name_end > kNameBytesMax || name_end + 2 > iccp.size()) return {};
  Inflater inflater(iccp.subspan(name_end + 2));
  Buffer profile(kIccHeaderBytes);
  if (inflater.read(profile) < profile.size()) return {};
  if (!icc_begins_soundly(profile, kIccBytesMax)) return {};
  const std::size_t stated = ByteReader(profile).be32();
  profile.resize(stated + kSurplusBytesMax);
  const std::size_t rest = inflater.read(std::span(profile).subspan(kIccHeaderBytes));
  if (!inflater.ended() || kIccHeaderBytes + rest < stated) return {};
  profile.resize(stated);
  return profile;
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
