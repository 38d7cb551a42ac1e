#include "codec_worker/formats/png_pixels.h"

#include <array>
#include <memory>
#include <new>

#include <libdeflate.h>

#include "codec_worker/formats/png_filters.h"
#include "codec_worker/formats/png_inflater.h"
#include "codec_worker/formats/row_writer.h"

namespace imgmill::codec_worker {
namespace {

// Deflate cannot pack tighter than this, so a header that promises more lies.
constexpr std::uint64_t kInflateRatioMax = 1'040;

struct Pass {
  std::uint32_t x0, y0, dx, dy;
};
constexpr std::array<Pass, 7> kAdam7{{{0, 0, 8, 8},
                                      {4, 0, 8, 8},
                                      {0, 4, 4, 8},
                                      {2, 0, 4, 4},
                                      {0, 2, 2, 4},
                                      {1, 0, 2, 2},
                                      {0, 1, 1, 2}}};
constexpr std::array<Pass, 1> kOnePass{{{0, 0, 1, 1}}};

std::span<const Pass> passes_of(const PngHeader& header) {
  if (header.interlaced) return kAdam7;
  return kOnePass;
}

std::uint32_t pixels_along(std::uint32_t size, std::uint32_t from, std::uint32_t step) {
  return size > from ? (size - from + step - 1) / step : 0;
}

// Bytes of one pass, filter bytes included; a pass without pixels has none.
std::uint64_t pass_bytes(const PngHeader& header, const Pass& pass) {
  const std::uint32_t width = pixels_along(header.width, pass.x0, pass.dx);
  const std::uint32_t height = pixels_along(header.height, pass.y0, pass.dy);
  return width == 0 ? 0 : (header.row_bytes(width) + 1) * height;
}

std::unexpected<ImageFault> damaged_data() {
  return corrupt("the PNG's picture data are cut off or damaged");
}

Outcome<Buffer> inflate(Bytes packed, std::uint64_t size) {
  using Inflater =
      std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>;
  const Inflater inflater(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!inflater) throw std::bad_alloc();
  Buffer raw(size + kPngSurplusBytes);
  std::size_t got = 0;
  const auto result = libdeflate_zlib_decompress(inflater.get(), packed.data(), packed.size(),
                                                 raw.data(), raw.size(), &got);
  if (result != LIBDEFLATE_SUCCESS || got < size) return damaged_data();
  return raw;
}

std::byte sum(std::byte a, int b) { return static_cast<std::byte>(std::to_integer<int>(a) + b); }

// Turns one filtered row into samples in place. `above` is the row over it, zeros for the first;
// `step` is the distance to the sample on the left. False for an unknown filter.
bool unfilter(int filter, std::span<std::byte> row, Bytes above, std::size_t step) {
  const std::size_t head = std::min(step, row.size());  // has no left neighbour
  const auto left = [&](std::size_t i) { return std::to_integer<int>(row[i - step]); };
  const auto up = [&](std::size_t i) { return std::to_integer<int>(above[i]); };
  const auto corner = [&](std::size_t i) { return std::to_integer<int>(above[i - step]); };
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (std::size_t i = head; i < row.size(); ++i) row[i] = sum(row[i], left(i));
      return true;
    case 2:
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = sum(row[i], up(i));
      return true;
    case 3:
      for (std::size_t i = 0; i < head; ++i) row[i] = sum(row[i], up(i) / 2);
      for (std::size_t i = head; i < row.size(); ++i) row[i] = sum(row[i], (left(i) + up(i)) / 2);
      return true;
    case 4:
      for (std::size_t i = 0; i < head; ++i) row[i] = sum(row[i], up(i));
      for (std::size_t i = head; i < row.size(); ++i) {
        row[i] = sum(row[i], paeth_guess(left(i), up(i), corner(i)));
      }
      return true;
    default:
      return false;
  }
}

std::size_t step_of(const PngHeader& header) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(header.bits_per_pixel()) / 8);
}

// Copies one unfiltered row of a pass to its places in the picture.
void place_row(PngPixels& out, Bytes row, const Pass& pass, std::uint32_t y) {
  std::byte* target = out.rows.data() + out.header.row_bytes(out.header.width) * y;
  const auto bits = static_cast<std::size_t>(out.header.bits_per_pixel());
  const std::uint32_t count = pixels_along(out.header.width, pass.x0, pass.dx);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t x = pass.x0 + std::size_t{i} * pass.dx;
    if (bits >= 8) {
      std::memcpy(target + x * bits / 8, row.data() + i * bits / 8, bits / 8);
      continue;
    }
    const auto mask = static_cast<unsigned>((1 << bits) - 1);
    const unsigned value =
        std::to_integer<unsigned>(row[i * bits / 8]) >> (8 - bits - i * bits % 8) & mask;
    target[x * bits / 8] |= static_cast<std::byte>(value << (8 - bits - x * bits % 8));
  }
}

bool unpack_pass(PngPixels& out, const Pass& pass, PngInflater& inflater) {
  const std::uint32_t width = pixels_along(out.header.width, pass.x0, pass.dx);
  Buffer here(static_cast<std::size_t>(out.header.row_bytes(width)) + 1);
  Buffer above(here.size());
  for (std::uint32_t y = pass.y0; y < out.header.height; y += pass.dy) {
    if (!inflater.read(here)) return false;
    const std::span<std::byte> row = std::span(here).subspan(1);
    const int filter = std::to_integer<int>(here[0]);
    if (!unfilter(filter, row, Bytes(above).subspan(1), step_of(out.header))) return false;
    place_row(out, row, pass, y);
    std::swap(here, above);
  }
  return true;
}

bool unpack_interlaced(PngPixels& out, Bytes source) {
  out.rows.resize(out.header.row_bytes(out.header.width) * out.header.height);
  PngInflater inflater(source);
  for (const Pass& pass : kAdam7) {
    if (pass_bytes(out.header, pass) > 0 && !unpack_pass(out, pass, inflater)) return false;
  }
  return inflater.ends();
}

// The rows move together over the filter bytes within `raw`, which becomes the picture: no second
// copy.
bool unpack_plain(PngPixels& out, Buffer raw) {
  const auto row_bytes = static_cast<std::size_t>(out.header.row_bytes(out.header.width));
  const Buffer zeros(row_bytes);
  Bytes above(zeros);
  for (std::size_t y = 0; y < out.header.height; ++y) {
    const std::size_t at = (row_bytes + 1) * y;
    const int filter = std::to_integer<int>(raw[at]);
    const std::span<std::byte> row = std::span(raw).subspan(at + 1, row_bytes);
    if (!unfilter(filter, row, above, step_of(out.header))) return false;
    std::memmove(raw.data() + row_bytes * y, row.data(), row_bytes);
    above = Bytes(raw).subspan(row_bytes * y, row_bytes);
  }
  raw.resize(row_bytes * out.header.height);
  out.rows = std::move(raw);
  return true;
}

constexpr double kGammaUnit = 100'000;
constexpr double kNearLinearGamma = 0.6;

bool says_more_than_gamma(std::uint32_t type) {
  return type == four("sRGB") || type == four("iCCP") || type == four("cICP");
}

// The data of all IDAT chunks: a single one is not copied.
class PackedData {
 public:
  void add(Bytes data) {
    if (count_++ == 0) single_ = data;
    size_ += data.size();
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Bytes of(Bytes source) {
    if (count_ <= 1) return single_;
    joined_.reserve(size_);
    PngChunks chunks(source);
    while (const auto chunk = chunks.next()) {
      if (chunk->type == four("IDAT")) append(joined_, chunk->data);
    }
    return joined_;
  }

 private:
  Bytes single_;
  Buffer joined_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
};

// Everything but the picture data, and whether these can be what the header promises.
Outcome<PackedData> read_about(Bytes source, PngPixels& out) {
  PackedData packed;
  PngChunks chunks(source);
  bool first = true;
  bool colours_said = false;
  while (const auto chunk = chunks.next()) {
    if (first != (chunk->type == four("IHDR"))) return corrupt("the PNG's header is damaged");
    if (first) {
      const auto header = parse_png_header(chunk->data);
      if (!header) return std::unexpected(header.error());
      out.header = *header;
      first = false;
    }
    if (chunk->type == four("IDAT")) packed.add(chunk->data);
    if (chunk->type == four("PLTE")) out.palette = chunk->data;
    if (chunk->type == four("tRNS")) out.trns = chunk->data;
    if (chunk->type == four("eXIf")) out.exif = chunk->data;
    if (chunk->type == four("gAMA")) {
      out.gamma = ByteReader(chunk->data).be32() / kGammaUnit;
      out.linear_light = out.gamma > kNearLinearGamma;
    }
    colours_said = colours_said || says_more_than_gamma(chunk->type);
    if (packed.empty() && is_png_colour_or_density(*chunk)) {
      append(out.colour_chunks, chunk->whole);
    }
  }
  if (chunks.broken()) return corrupt("the PNG is cut off or damaged");
  if (colours_said) out.gamma = 0;
  if (out.header.color == PngColor::kPalette && out.palette.size() < 3) {
    return corrupt("the PNG has no palette");
  }
  if (png_raw_bytes(out.header) / kInflateRatioMax > packed.size()) {
    return corrupt("the PNG is cut off");
  }
  return packed;
}

}  // namespace

std::uint64_t png_raw_bytes(const PngHeader& header) {
  std::uint64_t bytes = 0;
  for (const Pass& pass : passes_of(header)) bytes += pass_bytes(header, pass);
  return bytes;
}

bool is_large_png(const PngHeader& header) {
  // 16 megapixels of RGB.
  constexpr std::uint64_t kWholeBytesMax = 48 << 20;
  const std::uint64_t pixels = std::uint64_t{header.width} * header.height;
  return is_row_wise(pixels) || png_raw_bytes(header) > kWholeBytesMax;
}

Outcome<PngPixels> read_png(Bytes source) {
  PngPixels out;
  auto packed = read_about(source, out);
  if (!packed) return std::unexpected(packed.error());
  if (out.header.interlaced) {
    if (!unpack_interlaced(out, source)) return damaged_data();
    return out;
  }
  auto raw = inflate(packed->of(source), png_raw_bytes(out.header));
  if (!raw) return std::unexpected(raw.error());
  if (!unpack_plain(out, *std::move(raw))) return damaged_data();
  return out;
}

Outcome<PngRows> PngRows::open(Bytes source) {
  PngRows rows;
  if (auto read = read_about(source, rows.about_); !read) return std::unexpected(read.error());
  rows.inflater_ = std::make_unique<PngInflater>(source);
  rows.here_.resize(static_cast<std::size_t>(rows.header().row_bytes(rows.header().width)) + 1);
  rows.above_.resize(rows.here_.size());
  return rows;
}

Outcome<Bytes> PngRows::next() {
  std::swap(here_, above_);
  if (!inflater_->read(here_)) return damaged_data();
  const std::span<std::byte> row = std::span(here_).subspan(1);
  const int filter = std::to_integer<int>(here_[0]);
  if (!unfilter(filter, row, Bytes(above_).subspan(1), step_of(header()))) return damaged_data();
  if (++rows_read_ == header().height && !inflater_->ends()) return damaged_data();
  return Bytes(row);
}

}  // namespace imgmill::codec_worker
