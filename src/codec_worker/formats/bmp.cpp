#include "codec_worker/formats/bmp.h"

#include <algorithm>

#include "codec_worker/formats/bmp_header.h"

namespace imgmill::codec_worker {
namespace {

std::unexpected<ImageFault> cut_off() { return corrupt("the BMP is cut off or damaged"); }

std::uint32_t number_at(Bytes row, std::size_t at, std::size_t bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = bytes; i-- > 0;) {
    number = number << 8 | std::to_integer<std::uint32_t>(row[at + i]);
  }
  return number;
}

std::size_t index_at(Bytes row, std::size_t x, int bits) {
  const auto each = static_cast<std::size_t>(bits);
  const std::size_t shift = 8 - each - x * each % 8;
  return std::to_integer<std::size_t>(row[x * each / 8]) >> shift & ((std::size_t{1} << bits) - 1);
}

// Turns rows of the file into rows of samples.
class RowConverter {
 public:
  RowConverter(const BmpHeader& header, bool alpha) : header_(header), alpha_(alpha) {}

  [[nodiscard]] PixelModel model() const {
    if (header_.bits <= 8) return header_.grey_palette ? PixelModel::kGrey : PixelModel::kRgb;
    return alpha_ ? PixelModel::kRgba : PixelModel::kRgb;
  }

  void convert(Bytes row, std::uint8_t* out) const {
    if (header_.bits <= 8) return convert_indices(row, header_.bits, out);
    if (header_.bits == 24) return convert_bytes(row, out);
    const auto bytes = static_cast<std::size_t>(header_.bits) / 8;
    for (std::size_t x = 0; x < header_.size.width; ++x) {
      const std::uint32_t pixel = number_at(row, x * bytes, bytes);
      for (std::size_t c = 0; c < (alpha_ ? 4U : 3U); ++c) *out++ = header_.fields[c].sample(pixel);
    }
  }

  void convert_indices(Bytes row, int bits, std::uint8_t* out) const {
    const std::size_t channels = channels_of(model());
    for (std::size_t x = 0; x < header_.size.width; ++x) {
      const auto& colour = header_.palette[index_at(row, x, bits)];
      out = std::copy_n(colour.begin(), channels, out);
    }
  }

 private:
  void convert_bytes(Bytes row, std::uint8_t* out) const {
    for (std::size_t x = 0; x < header_.size.width; ++x) {
      for (const std::size_t c : {2, 1, 0}) *out++ = std::to_integer<std::uint8_t>(row[3 * x + c]);
    }
  }

  const BmpHeader& header_;
  bool alpha_;
};

// The last row may lack its padding.
bool has_all_rows(const BmpHeader& header) {
  const std::size_t used =
      (std::size_t{header.size.width} * static_cast<std::size_t>(header.bits) + 7) / 8;
  const std::size_t before = header.row_bytes() * (header.size.height - 1);
  return header.pixels.size() >= used && header.pixels.size() - used >= before;
}

Bytes row_of(const BmpHeader& header, std::size_t y) {
  const std::size_t number = header.top_down ? y : header.size.height - 1 - y;
  const std::size_t at = number * header.row_bytes();
  return header.pixels.subspan(at, std::min(header.row_bytes(), header.pixels.size() - at));
}

// Many programs name an alpha field and leave it empty: such a picture is solid.
bool uses_alpha(const BmpHeader& header) {
  const BmpField& alpha = header.fields[3];
  if (alpha.mask == 0) return false;
  const auto bytes = static_cast<std::size_t>(header.bits) / 8;
  for (std::size_t y = 0; y < header.size.height; ++y) {
    const Bytes row = row_of(header, y);
    for (std::size_t x = 0; x < header.size.width; ++x) {
      if ((number_at(row, x * bytes, bytes) & alpha.mask) != 0) return true;
    }
  }
  return false;
}

// Runs of indices, with jumps and ends of line, onto a picture of index 0.
class Unpacker {
 public:
  explicit Unpacker(const BmpHeader& header)
      : header_(header),
        nibbles_(header.packing == BmpPacking::kRle4),
        indices_(std::size_t{header.size.width} * header.size.height),
        reader_(header.pixels) {}

  // One byte a pixel, bottom row first. False when it ends early or leaves the picture.
  bool run() {
    while (!ended_) {
      const std::uint32_t count = reader_.u8();
      const std::uint32_t value = reader_.u8();
      if (!reader_.ok()) return y_ == header_.size.height;  // without its end mark, but whole
      const bool done = count > 0 ? repeat(count, value) : command(value);
      if (!done) return false;
    }
    return true;
  }

  [[nodiscard]] Bytes row(std::size_t y) const {
    const std::size_t number = header_.size.height - 1 - y;
    return Bytes(indices_).subspan(number * header_.size.width, header_.size.width);
  }

 private:
  bool command(std::uint32_t value) {
    switch (value) {
      case 0:
        x_ = 0;
        ++y_;
        return y_ <= header_.size.height;
      case 1:
        ended_ = true;
        return true;
      case 2:
        x_ += reader_.u8();
        y_ += reader_.u8();
        return reader_.ok() && x_ <= header_.size.width && y_ < header_.size.height;
      default:
        return literal(value);
    }
  }

  bool repeat(std::uint32_t count, std::uint32_t value) {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!put(nibbles_ ? (i % 2 == 0 ? value >> 4 : value & 15) : value)) return false;
    }
    return true;
  }

  // Padded to 16 bits.
  bool literal(std::uint32_t count) {
    const std::size_t bytes = nibbles_ ? (count + 1) / 2 : count;
    const Bytes run = reader_.take(bytes);
    reader_.skip(bytes % 2);
    if (run.size() != bytes) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!put(static_cast<std::uint32_t>(index_at(run, i, nibbles_ ? 4 : 8)))) return false;
    }
    return true;
  }

  // What a run has beyond the end of its line is dropped, as elsewhere.
  bool put(std::uint32_t index) {
    if (y_ >= header_.size.height) return false;
    if (x_ < header_.size.width) {
      indices_[y_ * header_.size.width + x_++] = static_cast<std::byte>(index);
    }
    return true;
  }

  const BmpHeader& header_;
  bool nibbles_;
  Buffer indices_;
  ByteReader reader_;
  std::size_t x_ = 0;
  std::size_t y_ = 0;
  bool ended_ = false;
};

// Two bytes make 255 pixels at most, so a header that promises more than that lies. (Jumps could
// keep such a promise; nobody draws a picture of them.)
bool promises_too_much(const BmpHeader& header) {
  const std::uint64_t pixels = std::uint64_t{header.size.width} * header.size.height;
  return pixels / 128 > header.pixels.size();
}

Outcome<Buffer> decode_packed(const BmpHeader& header, RowSink& sink) {
  if (promises_too_much(header)) return cut_off();
  Unpacker unpacker(header);
  if (!unpacker.run()) return cut_off();
  const RowConverter converter(header, false);
  std::vector<std::uint8_t> samples(header.size.width * channels_of(converter.model()));
  sink.begin(header.size, converter.model());
  for (std::size_t y = 0; y < header.size.height; ++y) {
    converter.convert_indices(unpacker.row(y), 8, samples.data());
    sink.row(samples.data());
  }
  return Buffer{};
}

}  // namespace

Outcome<PictureInfo> inspect_bmp(Bytes source) {
  const auto header = parse_bmp_header(source);
  if (!header) return std::unexpected(header.error());
  PictureInfo info{header->size.width, header->size.height, 0, 1, SourceKind::kBmp};
  info.add_frame(info.width, info.height);
  if (header->packing != BmpPacking::kNone) info.held_bytes = info.pixels;
  if (header->fields[3].mask != 0) info.channels = 4;
  return info;
}

Outcome<Buffer> decode_bmp(Bytes source, PixelSize, RowSink& sink) {
  const auto header = parse_bmp_header(source);
  if (!header) return std::unexpected(header.error());
  if (header->packing != BmpPacking::kNone) return decode_packed(*header, sink);
  if (!has_all_rows(*header)) return cut_off();
  const RowConverter converter(*header, uses_alpha(*header));
  std::vector<std::uint8_t> samples(header->size.width * channels_of(converter.model()));
  sink.begin(header->size, converter.model());
  for (std::size_t y = 0; y < header->size.height; ++y) {
    converter.convert(row_of(*header, y), samples.data());
    sink.row(samples.data());
  }
  return Buffer{};
}

}  // namespace imgmill::codec_worker
