#include "codec_worker/formats/png_pixels.h"

#include <array>
#include <memory>
#include <new>

#include <libdeflate.h>

#include "codec_worker/formats/png_filters.h"

namespace imgmill::codec_worker {
namespace {

// Deflate cannot pack tighter than this, so a header that promises more lies.
constexpr std::uint64_t kInflateRatioMax = 1'040;
// Some encoders leave a little more data than the picture needs; readers ignore it.
constexpr std::size_t kSurplusBytes = 64 << 10;

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

Outcome<Buffer> inflate(Bytes packed, std::uint64_t size) {
  if (size / kInflateRatioMax > packed.size()) return corrupt("the PNG is cut off");
  using Inflater =
      std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>;
  const Inflater inflater(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!inflater) throw std::bad_alloc();
  Buffer raw(size + kSurplusBytes);
  std::size_t got = 0;
  const auto result = libdeflate_zlib_decompress(inflater.get(), packed.data(), packed.size(),
                                                 raw.data(), raw.size(), &got);
  if (result != LIBDEFLATE_SUCCESS || got < size) {
    return corrupt("the PNG's picture data are cut off or damaged");
  }
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

bool unpack_pass(PngPixels& out, std::span<std::byte> raw, const Pass& pass) {
  const std::uint32_t width = pixels_along(out.header.width, pass.x0, pass.dx);
  const auto row_bytes = static_cast<std::size_t>(out.header.row_bytes(width));
  const Buffer zeros(row_bytes);
  Bytes above(zeros);
  std::size_t at = 0;
  for (std::uint32_t y = pass.y0; y < out.header.height; y += pass.dy) {
    const std::span<std::byte> row = raw.subspan(at + 1, row_bytes);
    const int filter = std::to_integer<int>(raw[at]);
    if (!unfilter(filter, row, above, step_of(out.header))) return false;
    place_row(out, row, pass, y);
    above = row;
    at += row_bytes + 1;
  }
  return true;
}

bool unpack_interlaced(PngPixels& out, std::span<std::byte> raw) {
  out.rows.resize(out.header.row_bytes(out.header.width) * out.header.height);
  std::size_t at = 0;
  for (const Pass& pass : kAdam7) {
    const std::uint64_t bytes = pass_bytes(out.header, pass);
    if (bytes > 0 && !unpack_pass(out, raw.subspan(at, bytes), pass)) return false;
    at += bytes;
  }
  return true;
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

// The data of all IDAT chunks; a single one is not copied.
struct PackedData {
  Bytes single;
  Buffer joined;
  int count = 0;
  void add(Bytes data) {
    if (++count == 1) {
      single = data;
      return;
    }
    if (count == 2) append(joined, single);
    append(joined, data);
  }
  [[nodiscard]] Bytes all() const { return count > 1 ? Bytes(joined) : single; }
};

Outcome<PackedData> collect(Bytes source, PngPixels& out) {
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
    const bool in_front = packed.count == 0;
    if (in_front && is_png_colour_or_density(chunk->type)) append(out.colour_chunks, chunk->whole);
  }
  if (chunks.broken()) return corrupt("the PNG is cut off or damaged");
  if (colours_said) out.gamma = 0;
  return packed;
}

}  // namespace

Outcome<PngPixels> read_png(Bytes source) {
  PngPixels out;
  const auto packed = collect(source, out);
  if (!packed) return std::unexpected(packed.error());
  if (out.header.color == PngColor::kPalette && out.palette.size() < 3) {
    return corrupt("the PNG has no palette");
  }
  std::uint64_t raw_size = 0;
  for (const Pass& pass : passes_of(out.header)) raw_size += pass_bytes(out.header, pass);
  auto raw = inflate(packed->all(), raw_size);
  if (!raw) return std::unexpected(raw.error());
  const bool unpacked =
      out.header.interlaced ? unpack_interlaced(out, *raw) : unpack_plain(out, *std::move(raw));
  if (!unpacked) return corrupt("the PNG's picture data are damaged");
  return out;
}

}  // namespace imgmill::codec_worker
