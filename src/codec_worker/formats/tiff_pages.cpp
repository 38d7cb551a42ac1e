#include "codec_worker/formats/tiff_pages.h"

#include <algorithm>
#include <array>
#include <set>

#include "codec_worker/formats/icc.h"
#include "codec_worker/formats/pixmap.h"
#include "codec_worker/formats/tiff.h"

namespace imgmill::codec_worker {
namespace {

// A fax of a thousand pages is long; each page costs a directory here.
constexpr std::size_t kPagesMax = 1'000;
constexpr std::uint32_t kWithdrawnJpeg = 6;
constexpr std::uint32_t kShort = 3;
constexpr std::uint32_t kLong = 4;

// What a reader needs to show the samples: sizes, packing, colours, ICC profile, density,
// orientation.
constexpr std::array<std::uint32_t, 34> kKept{
    254, 256, 257, 258, 259, 262, 266, 274, 277, 278, 282, 283, 284, 292, 293, 296, 297,
    301, 317, 318, 319, 320, 322, 323, 332, 334, 338, 339, 340, 341, 347, 529, 530, 532};
constexpr std::uint32_t kYcbcrPositioning = 531;
constexpr std::uint32_t kIccProfile = 34675;

bool stays(std::uint32_t tag) {
  return tag == kYcbcrPositioning || tag == kIccProfile ||
         std::ranges::find(kKept, tag) != kKept.end();
}

std::size_t bytes_of_type(std::uint32_t type) {
  constexpr std::array<std::uint8_t, 14> kBytes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  return type < kBytes.size() ? kBytes[type] : 0;
}

struct OrderedReader {
  OrderedReader(Bytes bytes, bool little_endian) : reader(bytes), little(little_endian) {}
  std::uint32_t u16() { return little ? reader.le16() : reader.be16(); }
  std::uint32_t u32() { return little ? reader.le32() : reader.be32(); }
  std::uint32_t number(std::uint32_t type) { return type == kShort ? u16() : u32(); }
  ByteReader reader;
  bool little;
};

void append_16(Buffer& out, bool little, std::uint32_t value) {
  little ? append_le16(out, value) : append_be16(out, value);
}
void append_32(Buffer& out, bool little, std::uint32_t value) {
  little ? append_le32(out, value) : append_be32(out, value);
}

class Parser {
 public:
  Parser(Bytes source, bool little) : source_(source) { file_.little = little; }

  Outcome<TiffFile> run() {
    OrderedReader header(source_.subspan(4), file_.little);
    std::uint32_t at = header.u32();
    while (at != 0) {
      if (file_.pages.size() == kPagesMax) return corrupt("the TIFF has too many pages, or a loop");
      if (at >= source_.size() || !read_page(at)) return corrupt("the TIFF is cut off or damaged");
    }
    if (file_.pages.empty()) return corrupt("the TIFF holds no picture");
    return std::move(file_);
  }

 private:
  // Reads the directory at `at`, and where the next one is into it.
  bool read_page(std::uint32_t& at) {
    OrderedReader reader(source_.subspan(at), file_.little);
    TiffPage page;
    std::vector<std::uint32_t> offsets;
    std::vector<std::uint32_t> sizes;
    std::set<std::uint32_t> seen;
    for (std::uint32_t left = reader.u16(); left > 0; --left) {
      TiffEntry entry{reader.u16(), reader.u16(), reader.u32(), {}};
      const Bytes inline_value = reader.reader.take(4);
      if (!reader.reader.ok()) return false;
      if (!is_wanted(entry.tag) || !seen.insert(entry.tag).second) continue;  // the first counts
      if (!load(entry, inline_value)) return false;
      if (entry.tag == kIccProfile && !icc_is_sound(entry.value)) continue;
      if (is(entry, TiffTag::kStripOffsets) || is(entry, TiffTag::kTileOffsets)) {
        offsets = numbers(entry);
        page.tiled = is(entry, TiffTag::kTileOffsets);
      } else if (is(entry, TiffTag::kStripBytes) || is(entry, TiffTag::kTileBytes)) {
        sizes = numbers(entry);
      } else {
        page.entries.push_back(std::move(entry));
      }
    }
    at = reader.u32();
    if (!reader.reader.ok() || !take_parts(page, offsets, sizes)) return false;
    std::ranges::sort(page.entries, {}, &TiffEntry::tag);
    file_.pages.push_back(std::move(page));
    return true;
  }

  static bool is(const TiffEntry& entry, TiffTag tag) {
    return entry.tag == static_cast<std::uint32_t>(tag);
  }
  static bool is_wanted(std::uint32_t tag) {
    for (const TiffTag place : {TiffTag::kStripOffsets, TiffTag::kStripBytes, TiffTag::kTileOffsets,
                                TiffTag::kTileBytes}) {
      if (tag == static_cast<std::uint32_t>(place)) return true;
    }
    return stays(tag);
  }

  bool load(TiffEntry& entry, Bytes inline_value) const {
    const std::uint64_t size = std::uint64_t{entry.count} * bytes_of_type(entry.type);
    if (size == 0) return false;
    Bytes value = inline_value.first(std::min<std::size_t>(size, 4));
    if (size > 4) {
      OrderedReader place(inline_value, file_.little);
      const std::uint32_t at = place.u32();
      if (at > source_.size() || size > source_.size() - at) return false;
      value = source_.subspan(at, size);
    }
    entry.value.assign(value.begin(), value.end());
    return true;
  }

  [[nodiscard]] std::vector<std::uint32_t> numbers(const TiffEntry& entry) const {
    std::vector<std::uint32_t> out;
    if (entry.type != kShort && entry.type != kLong) return out;
    OrderedReader reader(entry.value, file_.little);
    for (std::uint32_t i = 0; i < entry.count; ++i) out.push_back(reader.number(entry.type));
    return out;
  }

  bool take_parts(TiffPage& page, const std::vector<std::uint32_t>& offsets,
                  const std::vector<std::uint32_t>& sizes) const {
    if (offsets.empty() || offsets.size() != sizes.size()) return false;
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      if (offsets[i] > source_.size() || sizes[i] > source_.size() - offsets[i]) return false;
      page.parts.push_back(source_.subspan(offsets[i], sizes[i]));
    }
    return true;
  }

  Bytes source_;
  TiffFile file_;
};

// One directory's worth of output.
class PageWriter {
 public:
  PageWriter(Buffer& out, bool little) : out_(out), little_(little) {}

  // Returns where the directory's link to the next one stands.
  std::size_t write(const TiffPage& page, std::size_t link_at) {
    TiffEntry offsets{page.tiled ? 324U : 273U, kLong, 0, {}};
    TiffEntry sizes{page.tiled ? 325U : 279U, kLong, 0, {}};
    for (const Bytes part : page.parts) {
      align();
      append_32(offsets.value, little_, position());
      append_32(sizes.value, little_, static_cast<std::uint32_t>(part.size()));
      append(out_, part);
    }
    offsets.count = sizes.count = static_cast<std::uint32_t>(page.parts.size());
    std::vector<TiffEntry> entries = page.entries;
    entries.push_back(std::move(offsets));
    entries.push_back(std::move(sizes));
    std::ranges::sort(entries, {}, &TiffEntry::tag);
    Buffer directory;
    append_16(directory, little_, static_cast<std::uint32_t>(entries.size()));
    for (const TiffEntry& entry : entries) write_entry(entry, directory);
    append_32(directory, little_, 0);
    align();
    patch(link_at, position());
    append(out_, directory);
    return out_.size() - 4;
  }

 private:
  [[nodiscard]] std::uint32_t position() const { return static_cast<std::uint32_t>(out_.size()); }
  void align() {
    if (out_.size() % 2 != 0) append_u8(out_, 0);
  }
  void patch(std::size_t at, std::uint32_t value) {
    Buffer bytes;
    append_32(bytes, little_, value);
    std::ranges::copy(bytes, out_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void write_entry(const TiffEntry& entry, Buffer& directory) {
    append_16(directory, little_, entry.tag);
    append_16(directory, little_, entry.type);
    append_32(directory, little_, entry.count);
    if (entry.value.size() > 4) {
      align();
      append_32(directory, little_, position());
      append(out_, entry.value);
      return;
    }
    append(directory, entry.value);
    for (std::size_t size = entry.value.size(); size < 4; ++size) append_u8(directory, 0);
  }

  Buffer& out_;
  bool little_;
};

// Of the pixels that decode_tiff() makes.
int shown_channels(const TiffPage& page, bool little) {
  constexpr std::uint32_t kBlackIsZero = 1;  // and white, below
  constexpr std::uint32_t kInk = 5;
  const std::uint32_t photometric = page.number(TiffTag::kPhotometric, little, 0);
  const std::uint32_t samples = page.number(TiffTag::kSamplesPerPixel, little, 1);
  if (photometric <= kBlackIsZero) return samples == 1 ? 1 : 4;
  return samples <= 3 || (photometric == kInk && samples == 4) ? 3 : 4;
}

// What a strip, or a row of tiles, is unpacked to, and as pixels of four bytes.
std::uint64_t held_by(const TiffPage& page, bool little, PixelSize size) {
  const auto number = [&](TiffTag tag, std::uint32_t otherwise) {
    return static_cast<double>(page.number(tag, little, otherwise));
  };
  const double rows = std::min<double>(
      size.height, number(page.tiled ? TiffTag::kTileLength : TiffTag::kRowsPerStrip, size.height));
  const double pixel_bytes =
      number(TiffTag::kSamplesPerPixel, 1) * number(TiffTag::kBitsPerSample, 1) / 8;
  const double part_width = page.tiled ? number(TiffTag::kTileWidth, size.width) : size.width;
  const double part_rows = page.tiled ? number(TiffTag::kTileLength, size.height) : rows;
  const double bytes = 2 * part_width * part_rows * pixel_bytes + 4 * rows * size.width;
  return static_cast<std::uint64_t>(std::min(bytes, 1e18));
}

}  // namespace

std::uint32_t TiffPage::number(TiffTag tag, bool little, std::uint32_t otherwise) const {
  for (const TiffEntry& entry : entries) {
    if (entry.tag != static_cast<std::uint32_t>(tag)) continue;
    if (entry.type != kShort && entry.type != kLong) return otherwise;
    return OrderedReader(entry.value, little).number(entry.type);
  }
  return otherwise;
}

void TiffPage::set_short(TiffTag tag, bool little, std::uint32_t value) {
  std::erase_if(entries,
                [tag](const auto& entry) { return entry.tag == static_cast<std::uint32_t>(tag); });
  TiffEntry entry{static_cast<std::uint32_t>(tag), kShort, 1, {}};
  append_16(entry.value, little, value);
  entries.push_back(std::move(entry));
}

Outcome<TiffFile> parse_tiff(Bytes source) {
  if (source.size() < 8) return corrupt("the TIFF is cut off");
  const bool little = reads(source, "II");
  if (reads(source, little ? std::string_view("+\0", 2) : std::string_view("\0+", 2), 2)) {
    return unsupported("BigTIFF is not a supported format");
  }
  auto file = Parser(source, little).run();
  if (!file) return file;
  for (const TiffPage& page : file->pages) {
    if (page.number(TiffTag::kCompression, little, 1) == kWithdrawnJpeg) {
      return unsupported("a TIFF with the old kind of JPEG inside is not supported");
    }
  }
  return file;
}

Buffer write_tiff(const TiffFile& file) {
  Buffer out;
  append(out, file.little ? std::string_view("II*\0", 4) : std::string_view("MM\0*", 4));
  append_be32(out, 0);
  std::size_t link_at = 4;
  for (const TiffPage& page : file.pages) {
    link_at = PageWriter(out, file.little).write(page, link_at);
  }
  return out;
}

Outcome<PictureInfo> inspect_tiff(Bytes source) {
  const auto file = parse_tiff(source);
  if (!file) return std::unexpected(file.error());
  PictureInfo info;
  info.kind = SourceKind::kTiff;
  info.channels = shown_channels(file->pages.front(), file->little);
  info.pages = 0;
  for (const TiffPage& page : file->pages) {
    const std::uint32_t width = page.number(TiffTag::kWidth, file->little, 0);
    const std::uint32_t height = page.number(TiffTag::kHeight, file->little, 0);
    if (width == 0 || height == 0) return corrupt("the TIFF's header is damaged");
    info.add_frame(width, height);
    const bool is_thumbnail = (page.number(TiffTag::kSubfileType, file->little, 0) & 1) != 0;
    info.pages += is_thumbnail && &page != &file->pages.front() ? 0 : 1;
    info.held_bytes = std::max(info.held_bytes, held_by(page, file->little, {width, height}));
    if (&page != &file->pages.front()) continue;
    info.width = width;
    info.height = height;
    const std::uint32_t orientation = page.number(TiffTag::kOrientation, file->little, 1);
    info.orientation = orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  }
  return info;
}

Outcome<Buffer> strip_tiff(Bytes source) {
  const auto file = parse_tiff(source);
  if (!file) return std::unexpected(file.error());
  return write_tiff(*file);
}

}  // namespace imgmill::codec_worker
