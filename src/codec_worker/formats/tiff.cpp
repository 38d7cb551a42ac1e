#include "codec_worker/formats/tiff.h"

#include <memory>
#include <new>

#include <libdeflate.h>

#include "codec_worker/formats/tiff_memory.h"
#include "codec_worker/formats/tiff_pages.h"

namespace imgmill::codec_worker {
namespace {

constexpr int kLevel = 6;
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
  explicit Repacker(Bytes source) : tiff_(source) {
    deflater_.reset(libdeflate_alloc_compressor(kLevel));
    if (!deflater_) throw std::bad_alloc();
  }

  Outcome<Buffer> run(TiffFile file) {
    if (tiff_.get() == nullptr) return corrupt("the TIFF cannot be decoded");
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
    if (layout.samples == 0 || layout.samples > kTiffSamplesMax || layout.row_bytes() == 0)
      return false;
    const std::uint32_t count =
        page.tiled ? TIFFNumberOfTiles(tiff_.get()) : TIFFNumberOfStrips(tiff_.get());
    if (count != page.parts.size()) return false;
    const tmsize_t size = page.tiled ? TIFFTileSize(tiff_.get()) : TIFFStripSize(tiff_.get());
    if (size <= 0 || size > kTiffPartBytesMax) return false;
    std::size_t before = 0;
    for (const Bytes part : page.parts) before += part.size();
    std::size_t after = 0;
    std::vector<Buffer> packed;
    Buffer samples(static_cast<std::size_t>(size));
    for (std::uint32_t i = 0; i < count; ++i) {
      const tmsize_t got = page.tiled ? TIFFReadEncodedTile(tiff_.get(), i, samples.data(), size)
                                      : TIFFReadEncodedStrip(tiff_.get(), i, samples.data(), size);
      if (got <= 0) return false;
      if (!layout.packable || after >= before) continue;
      packed.push_back(
          pack(std::span(samples).first(static_cast<std::size_t>(got)), layout, deflater_.get()));
      after += packed.back().size();
      if (after >= before) packed.clear();  // the rest is only looked at
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

  TiffInMemory tiff_;
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
