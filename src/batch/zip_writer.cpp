#include "batch/zip_writer.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <libdeflate.h>

namespace imgmill {
namespace {

// APPNOTE.TXT 6.3.10 of PKWARE.
constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDescriptor = 0x08074b50;
constexpr std::uint32_t kDirectoryHeader = 0x02014b50;
constexpr std::uint32_t kZip64End = 0x06064b50;
constexpr std::uint32_t kZip64Locator = 0x07064b50;
constexpr std::uint32_t kEnd = 0x06054b50;

constexpr std::uint16_t kZip64Field = 1;
constexpr std::uint16_t kVersionPlain = 20;
constexpr std::uint16_t kVersionZip64 = 45;
constexpr std::uint16_t kMadeBy = 3 << 8 | kVersionZip64;  // Unix: attributes are a file mode
constexpr std::uint32_t kFileMode = 0100644U << 16;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kUtf8Name = 1 << 11;
constexpr std::uint16_t kChecksumBehind = 1 << 3;

constexpr std::uint64_t kMax16 = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();

constexpr std::size_t kListedBytes = 64 << 10;
constexpr std::size_t kDirectoryBlockBytes = 128 << 10;

template <class Number>
void put(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    out += static_cast<char>(number >> 8 * i & 0xff);
  }
}

std::uint16_t capped16(std::uint64_t number) {
  return static_cast<std::uint16_t>(std::min(number, kMax16));
}
std::uint32_t capped32(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min(number, kMax32));
}

// Two seconds are as fine as it gets; the years are those that it can say.
void put_dos_time(std::string& out, Time time) {
  using std::chrono::year;
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  if (date.year() < year(1980) || date.year() > year(2107)) {
    put<std::uint16_t>(out, 0);
    put<std::uint16_t>(out, 1 << 5 | 1);
    return;
  }
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  put(out, static_cast<std::uint16_t>(clock.hours().count() << 11 | clock.minutes().count() << 5 |
                                      clock.seconds().count() / 2));
  put(out, static_cast<std::uint16_t>((static_cast<int>(date.year()) - 1980) << 9 |
                                      static_cast<unsigned>(date.month()) << 5 |
                                      static_cast<unsigned>(date.day())));
}

std::uint32_t crc32(std::uint32_t before, std::string_view bytes) {
  return libdeflate_crc32(before, bytes.data(), bytes.size());
}

}  // namespace

Result<void> ZipWriter::add(std::string_view name, Time modified_at, std::string_view bytes,
                            std::string& out) {
  entry_ = {.name = std::string(name),
            .modified_at = modified_at,
            .in_pieces = false,
            .offset = offset_,
            .size = bytes.size(),
            .crc = crc32(0, bytes)};
  write_header(bytes.size(), out);
  out += bytes;
  offset_ += bytes.size();
  return list_entry();
}

void ZipWriter::begin(std::string_view name, Time modified_at, std::optional<std::uint64_t> size,
                      std::string& out) {
  entry_ = {
      .name = std::string(name), .modified_at = modified_at, .in_pieces = true, .offset = offset_};
  write_header(size, out);
}

void ZipWriter::append(std::string_view bytes, std::string& out) {
  entry_.crc = crc32(entry_.crc, bytes);
  entry_.size += bytes.size();
  out += bytes;
  offset_ += bytes.size();
}

Result<void> ZipWriter::end(std::string& out) {
  const std::size_t begin = out.size();
  put(out, kDescriptor);
  put(out, entry_.crc);
  put(out, entry_.size);  // as stored
  put(out, entry_.size);
  offset_ += out.size() - begin;
  return list_entry();
}

// Where the checksum comes behind, the sizes stand in the ZIP64 field, whatever they are: it says
// that those behind have eight bytes.
void ZipWriter::write_header(std::optional<std::uint64_t> size, std::string& out) {
  const std::size_t begin = out.size();
  const bool in_pieces = entry_.in_pieces;
  put(out, kLocalHeader);
  put(out, in_pieces ? kVersionZip64 : kVersionPlain);
  put(out, static_cast<std::uint16_t>(kUtf8Name | (in_pieces ? kChecksumBehind : 0)));
  put(out, kStored);
  put_dos_time(out, entry_.modified_at);
  put(out, entry_.crc);
  for (int i = 0; i < 2; ++i) put(out, capped32(in_pieces ? kMax32 : entry_.size));
  put(out, static_cast<std::uint16_t>(entry_.name.size()));
  put(out, static_cast<std::uint16_t>(in_pieces ? 4 + 16 : 0));
  out += entry_.name;
  if (in_pieces) {
    put(out, kZip64Field);
    put<std::uint16_t>(out, 16);
    for (int i = 0; i < 2; ++i) put(out, size.value_or(0));
  }
  offset_ += out.size() - begin;
}

Result<void> ZipWriter::list_entry() {
  std::string large;  // what has no room in the fields of four bytes
  if (entry_.size >= kMax32) {
    put(large, entry_.size);
    put(large, entry_.size);
  }
  if (entry_.offset >= kMax32) put(large, entry_.offset);
  const bool zip64 = entry_.in_pieces || !large.empty();
  put(listed_, kDirectoryHeader);
  put(listed_, kMadeBy);
  put(listed_, zip64 ? kVersionZip64 : kVersionPlain);
  put(listed_, static_cast<std::uint16_t>(kUtf8Name | (entry_.in_pieces ? kChecksumBehind : 0)));
  put(listed_, kStored);
  put_dos_time(listed_, entry_.modified_at);
  put(listed_, entry_.crc);
  for (int i = 0; i < 2; ++i) put(listed_, capped32(entry_.size));
  put(listed_, static_cast<std::uint16_t>(entry_.name.size()));
  put(listed_, static_cast<std::uint16_t>(large.empty() ? 0 : 4 + large.size()));
  for (int i = 0; i < 3; ++i) put<std::uint16_t>(listed_, 0);  // comment, disk, text or binary
  put(listed_, kFileMode);
  put(listed_, capped32(entry_.offset));
  listed_ += entry_.name;
  if (!large.empty()) {
    put(listed_, kZip64Field);
    put(listed_, static_cast<std::uint16_t>(large.size()));
    listed_ += large;
  }
  ++entries_;
  if (listed_.size() < kListedBytes) return {};
  TRY_VOID(directory_.append(std::as_bytes(std::span(listed_))));
  listed_.clear();
  return {};
}

Result<void> ZipWriter::finish(std::string& out) {
  if (!finishing_) {
    TRY_VOID(directory_.append(std::as_bytes(std::span(listed_))));
    directory_begin_ = offset_;
    finishing_ = true;
  }
  const std::uint64_t left = directory_.size() - directory_read_;
  if (left > 0) {
    const std::size_t before = out.size();
    out.resize(before + std::min<std::uint64_t>(left, kDirectoryBlockBytes));
    const auto block = std::as_writable_bytes(std::span(out).subspan(before));
    TRY_VOID(directory_.read(directory_read_, block));
    directory_read_ += block.size();
  } else if (!finished_) {
    finished_ = true;
    write_end(out);
  }
  return {};
}

void ZipWriter::write_end(std::string& out) {
  const std::uint64_t size = directory_.size();
  if (entries_ >= kMax16 || size >= kMax32 || directory_begin_ >= kMax32) {
    put(out, kZip64End);
    put<std::uint64_t>(out, 44);  // bytes that follow
    put(out, kMadeBy);
    put(out, kVersionZip64);
    for (int i = 0; i < 2; ++i) put<std::uint32_t>(out, 0);  // disks
    for (int i = 0; i < 2; ++i) put(out, entries_);
    put(out, size);
    put(out, directory_begin_);
    put(out, kZip64Locator);
    put<std::uint32_t>(out, 0);
    put(out, directory_begin_ + size);
    put<std::uint32_t>(out, 1);
  }
  put(out, kEnd);
  for (int i = 0; i < 2; ++i) put<std::uint16_t>(out, 0);  // disks
  for (int i = 0; i < 2; ++i) put(out, capped16(entries_));
  put(out, capped32(size));
  put(out, capped32(directory_begin_));
  put<std::uint16_t>(out, 0);  // comment
}

}  // namespace imgmill
