#include "codec_worker/formats/tiff.h"

#include <memory>
#include <new>

#include <libdeflate.h>
#include <tiffio.h>

#include "codec_worker/formats/tiff_pages.h"

namespace imgmill::codec_worker {
namespace {

constexpr int kLevel = 6;
// More would be a picture of hyperspectral bands, at which a row of samples no longer bounds
// memory.
constexpr std::uint32_t kSamplesMax = 16;
// A tile's size is not bound by the picture's. One part of a picture at the bound of pixels fits.
constexpr tmsize_t kPartBytesMax = tmsize_t{1} << 30;

// libtiff's view of bytes in memory.
struct MemoryFile {
  Bytes bytes;
  std::size_t at = 0;
};
MemoryFile& file_of(thandle_t handle) { return *static_cast<MemoryFile*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* out, tmsize_t size) {
  MemoryFile& file = file_of(handle);
  const std::size_t left = file.bytes.size() - std::min(file.at, file.bytes.size());
  const std::size_t count = std::min(left, static_cast<std::size_t>(std::max<tmsize_t>(0, size)));
  if (count > 0) std::memcpy(out, file.bytes.data() + file.at, count);
  file.at += count;
  return static_cast<tmsize_t>(count);
}
tmsize_t write_bytes(thandle_t, void*, tmsize_t) { return 0; }
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  MemoryFile& file = file_of(handle);
  if (whence == SEEK_CUR) offset += file.at;
  if (whence == SEEK_END) offset += file.bytes.size();
  file.at = offset;
  return offset;
}
int close_nothing(thandle_t) { return 0; }
toff_t size_of(thandle_t handle) { return file_of(handle).bytes.size(); }

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Closer>;

// What of a page decides how its samples are packed.
struct Layout {
  Layout(const TiffPage& page, bool little)
      : bits(page.number(TiffTag::kBitsPerSample, little, 1)),
        samples(page.number(TiffTag::kPlanar, little, 1) == PLANARCONFIG_SEPARATE
                    ? 1
                    : page.number(TiffTag::kSamplesPerPixel, little, 1)),
        width(page.tiled ? page.number(TiffTag::kTileWidth, little, 0)
                         : page.number(TiffTag::kWidth, little, 0)),
        compression(page.number(TiffTag::kCompression, little, COMPRESSION_NONE)) {
    const bool known = compression == COMPRESSION_NONE || compression == COMPRESSION_LZW ||
                       compression == COMPRESSION_ADOBE_DEFLATE ||
                       compression == COMPRESSION_DEFLATE || compression == COMPRESSION_PACKBITS;
    const bool subsampled = page.number(TiffTag::kPhotometric, little, 0) == PHOTOMETRIC_YCBCR;
    const bool integers = page.number(TiffTag::kSampleFormat, little, 1) <= SAMPLEFORMAT_INT;
    // libtiff gives samples of several bytes in this machine's order, not the file's.
    const bool order_fits = bits <= 8 || little;
    packable = known && !subsampled && order_fits;
    differences = integers && (bits == 8 || (bits == 16 && little));
  }
  [[nodiscard]] std::size_t row_bytes() const {
    return (std::size_t{width} * samples * bits + 7) / 8;
  }

  std::uint32_t bits;
  std::uint32_t samples;  // of a pixel, in one part
  std::uint32_t width;    // of a part
  std::uint32_t compression;
  bool packable = false;
  bool differences = false;  // TIFF's predictor 2 applies
};

template <class Sample>
void take_differences(std::span<std::byte> row, std::size_t samples) {
  const std::size_t count = row.size() / sizeof(Sample);
  std::vector<Sample> values(count);
  std::memcpy(values.data(), row.data(), count * sizeof(Sample));
  for (std::size_t i = count; i-- > samples;) {
    values[i] = static_cast<Sample>(values[i] - values[i - samples]);
  }
  std::memcpy(row.data(), values.data(), count * sizeof(Sample));
}

Buffer pack(std::span<std::byte> samples, const Layout& layout, libdeflate_compressor* deflater) {
  const std::size_t row_bytes = layout.row_bytes();
  for (std::size_t at = 0; layout.differences && at + row_bytes <= samples.size();
       at += row_bytes) {
    const auto row = samples.subspan(at, row_bytes);
    layout.bits == 8 ? take_differences<std::uint8_t>(row, layout.samples)
                     : take_differences<std::uint16_t>(row, layout.samples);
  }
  Buffer packed(libdeflate_zlib_compress_bound(deflater, samples.size()));
  packed.resize(libdeflate_zlib_compress(deflater, samples.data(), samples.size(), packed.data(),
                                         packed.size()));
  return packed;
}

class Repacker {
 public:
  explicit Repacker(Bytes source) : memory_{source} {
    tiff_.reset(TIFFClientOpen("source", "rmc", &memory_, read_bytes, write_bytes, seek,
                               close_nothing, size_of, nullptr, nullptr));
    deflater_.reset(libdeflate_alloc_compressor(kLevel));
    if (!deflater_) throw std::bad_alloc();
  }

  Outcome<Buffer> run(TiffFile file) {
    if (!tiff_) return corrupt("the TIFF cannot be decoded");
    for (std::size_t i = 0; i < file.pages.size(); ++i) {
      if (i > 0 && TIFFReadDirectory(tiff_.get()) == 0) {
        return corrupt("a page of the TIFF cannot be decoded");
      }
      if (!repack(file.pages[i], file.little)) {
        return corrupt("a page of the TIFF is cut off or damaged");
      }
    }
    return write_tiff(file);
  }

 private:
  using Deflater = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;

  // Decodes every part, which shows whether it is whole, and takes the packed form when that is
  // smaller.
  bool repack(TiffPage& page, bool little) {
    const Layout layout(page, little);
    if (layout.samples == 0 || layout.samples > kSamplesMax || layout.row_bytes() == 0)
      return false;
    const std::uint32_t count =
        page.tiled ? TIFFNumberOfTiles(tiff_.get()) : TIFFNumberOfStrips(tiff_.get());
    if (count != page.parts.size()) return false;
    const tmsize_t size = page.tiled ? TIFFTileSize(tiff_.get()) : TIFFStripSize(tiff_.get());
    if (size <= 0 || size > kPartBytesMax) return false;
    std::size_t before = 0;
    std::size_t after = 0;
    std::vector<Buffer> packed;
    Buffer samples(static_cast<std::size_t>(size));
    for (std::uint32_t i = 0; i < count; ++i) {
      const tmsize_t got = page.tiled ? TIFFReadEncodedTile(tiff_.get(), i, samples.data(), size)
                                      : TIFFReadEncodedStrip(tiff_.get(), i, samples.data(), size);
      if (got <= 0) return false;
      before += page.parts[i].size();
      if (!layout.packable) continue;
      packed.push_back(
          pack(std::span(samples).first(static_cast<std::size_t>(got)), layout, deflater_.get()));
      after += packed.back().size();
    }
    if (layout.packable && after < before) take(page, std::move(packed), layout, little);
    return true;
  }

  void take(TiffPage& page, std::vector<Buffer> packed, const Layout& layout, bool little) {
    page.set_short(TiffTag::kCompression, little, COMPRESSION_ADOBE_DEFLATE);
    page.set_short(TiffTag::kPredictor, little,
                   layout.differences ? PREDICTOR_HORIZONTAL : PREDICTOR_NONE);
    kept_.push_back(std::move(packed));
    page.parts.assign(kept_.back().begin(), kept_.back().end());
  }

  MemoryFile memory_;
  Tiff tiff_;
  Deflater deflater_{nullptr, &libdeflate_free_compressor};
  std::vector<std::vector<Buffer>> kept_;  // what the pages' parts point into
};

}  // namespace

void warm_up_tiff() {
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
}

Outcome<Buffer> compress_tiff(Bytes source, int) {
  auto file = parse_tiff(source);
  if (!file) return std::unexpected(file.error());
  return Repacker(source).run(*std::move(file));
}

}  // namespace imgmill::codec_worker
