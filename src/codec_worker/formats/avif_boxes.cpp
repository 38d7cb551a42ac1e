// strip_avif(): finds what in the boxes of a HEIF file is no picture, and blanks it in place.
#include <optional>

#include "codec_worker/formats/avif.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::string_view kCutOff = "the AVIF is cut off or damaged";

struct Box {
  std::uint32_t type = 0;
  Bytes payload;
};

std::uint64_t read_number(ByteReader& reader, std::size_t bytes) {
  std::uint64_t value = 0;
  for (; bytes > 0; --bytes) value = value << 8 | reader.u8();
  return value;
}

// The box at the front of `reader`; nullopt at the end or at a size that does not fit.
std::optional<Box> next_box(ByteReader& reader) {
  if (reader.left() < 8) return std::nullopt;
  std::uint64_t size = reader.be32();
  Box box;
  box.type = reader.be32();
  std::uint64_t header = 8;
  if (size == 1) {
    size = read_number(reader, 8);
    header = 16;
  }
  if (size == 0) size = reader.left() + header;  // up to the end
  if (size < header || size - header > reader.left()) return std::nullopt;
  box.payload = reader.take(size - header);
  return box;
}

Bytes find_box(Bytes parent, std::uint32_t type) {
  ByteReader reader(parent);
  while (const auto box = next_box(reader)) {
    if (box->type == type) return box->payload;
  }
  return {};
}

class Blanker {
 public:
  explicit Blanker(Bytes source) : source_(source), out_(source.begin(), source.end()) {}

  Outcome<Buffer> run() {
    ByteReader reader(source_);
    bool has_meta = false;
    while (const auto box = next_box(reader)) {
      if (box->type == four("meta")) {
        has_meta = true;
        if (!blank_items(box->payload)) return corrupt(std::string(kCutOff));
      } else if (box->type != four("ftyp") && box->type != four("mdat")) {
        blank(box->payload);
      }
    }
    if (!has_meta || !reader.at_end()) return corrupt(std::string(kCutOff));
    return std::move(out_);
  }

 private:
  void blank(Bytes part) {
    const auto at = static_cast<std::size_t>(part.data() - source_.data());
    if (!part.empty()) std::memset(out_.data() + at, 0, part.size());
  }

  // Items of EXIF and XMP, by their numbers; their type becomes one that no reader knows.
  bool find_private(Bytes iinf) {
    ByteReader reader(iinf);
    const std::uint32_t version = reader.be32() >> 24;
    reader.skip(version == 0 ? 2 : 4);
    while (const auto entry = next_box(reader)) {
      if (entry->type != four("infe")) continue;
      ByteReader info(entry->payload);
      const std::uint32_t entry_version = info.be32() >> 24;
      if (entry_version < 2) continue;
      const std::uint32_t number = entry_version == 2 ? info.be16() : info.be32();
      info.skip(2);
      const Bytes type = entry->payload.subspan(std::min(info.position(), entry->payload.size()));
      if (!reads(type, "Exif") && !reads(type, "mime") && !reads(type, "uri ")) continue;
      private_items_.push_back(number);
      blank(type);
      const auto at = static_cast<std::size_t>(type.data() - source_.data());
      std::memcpy(out_.data() + at, "skip", 4);
    }
    return reader.ok();
  }

  bool blank_items(Bytes meta) {
    if (meta.size() < 4) return false;
    const Bytes boxes = meta.subspan(4);
    if (!find_private(find_box(boxes, four("iinf")))) return false;
    if (private_items_.empty()) return true;
    return blank_extents(find_box(boxes, four("iloc")), find_box(boxes, four("idat")));
  }

  bool blank_extents(Bytes iloc, Bytes idat) {
    ByteReader reader(iloc);
    const std::uint32_t version = reader.be32() >> 24;
    const std::uint32_t sizes = reader.be16();
    const std::size_t offset_bytes = sizes >> 12;
    const std::size_t length_bytes = sizes >> 8 & 15;
    const std::size_t base_bytes = sizes >> 4 & 15;
    const std::size_t index_bytes = version == 0 ? 0 : sizes & 15;
    const bool wide = version >= 2;
    for (std::uint32_t items = wide ? reader.be32() : reader.be16(); items > 0 && reader.ok();
         --items) {
      const std::uint32_t number = wide ? reader.be32() : reader.be16();
      const bool in_idat = version > 0 && (reader.be16() & 15) == 1;
      reader.skip(2);
      const std::uint64_t base = read_number(reader, base_bytes);
      const bool is_private = std::ranges::find(private_items_, number) != private_items_.end();
      for (std::uint32_t extents = reader.be16(); extents > 0 && reader.ok(); --extents) {
        reader.skip(index_bytes);
        const std::uint64_t at = base + read_number(reader, offset_bytes);
        const std::uint64_t length = read_number(reader, length_bytes);
        if (!is_private) continue;
        const Bytes store = in_idat ? idat : source_;
        if (at > store.size() || length == 0 || length > store.size() - at) return false;
        blank(store.subspan(at, length));
      }
    }
    return reader.ok();
  }

  Bytes source_;
  Buffer out_;
  std::vector<std::uint32_t> private_items_;
};

}  // namespace

Outcome<Buffer> strip_avif(Bytes source) { return Blanker(source).run(); }

}  // namespace imgmill::codec_worker
