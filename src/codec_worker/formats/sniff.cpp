#include "codec_worker/formats/sniff.h"

#include <array>
#include <cctype>
#include <optional>
#include <string>

#include "codec_worker/formats/bmp_header.h"

namespace imgmill::codec_worker {
namespace {

using std::string_view_literals::operator""sv;

struct Signature {
  std::size_t at;
  std::string_view bytes;
  std::string_view name;
};

constexpr std::array kUnsupportedPictures{
    Signature{0, "BM"sv, "BMP"},
    Signature{0, "\0\0\1\0"sv, "ICO"},
    Signature{0, "\0\0\2\0"sv, "CUR"},
    Signature{0, "8BPS"sv, "PSD"},
    Signature{0, "%PDF-"sv, "PDF"},
    Signature{0, "%!PS"sv, "PostScript"},
    Signature{0, "\xff\x0a"sv, "JPEG XL"},
    Signature{0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "JPEG XL"},
    Signature{0, "\0\0\0\x0cjP  \r\n\x87\n"sv, "JPEG 2000"},
    Signature{0, "\xff\x4f\xff\x51"sv, "JPEG 2000"},
    Signature{0, "\x76\x2f\x31\x01"sv, "OpenEXR"},
    Signature{0, "#?RADIANCE"sv, "Radiance HDR"},
    Signature{0, "DDS "sv, "DDS"},
    Signature{0, "II\xbc\x01"sv, "JPEG XR"},
    Signature{0, "gimp xcf"sv, "XCF"},
    Signature{0, "qoif"sv, "QOI"},
    Signature{0, "\x8aMNG\r\n\x1a\n"sv, "MNG"},
    Signature{0, "FORM"sv, "IFF"},
};

constexpr std::array kOtherFiles{
    Signature{0, "PK\x03\x04"sv, "a ZIP archive or an office document"},
    Signature{0, "\x1f\x8b"sv, "gzip data"},
    Signature{0, "\x1a\x45\xdf\xa3"sv, "a video (Matroska or WebM)"},
    Signature{0, "RIFF"sv, "a sound or video file (RIFF)"},
    Signature{4, "ftyp"sv, "a video (MP4)"},
    Signature{0, "ID3"sv, "a sound file (MP3)"},
    Signature{0,
              "\x7f"
              "ELF"sv,
              "a program"},
    Signature{0, "MZ"sv, "a program"},
};

// The brand of an ISO media file decides between AVIF, its relatives and video.
std::optional<Outcome<SourceFormat>> sniff_media_file(Bytes source) {
  if (!reads(source, "ftyp", 4)) return std::nullopt;
  if (reads(source, "avif", 8)) return SourceFormat::kAvif;
  if (reads(source, "avis", 8)) return unsupported("an animated AVIF is not supported");
  for (const auto brand : {"heic"sv, "heix"sv, "heim"sv, "heis"sv}) {
    if (reads(source, brand, 8)) return SourceFormat::kHeic;
  }
  for (const auto brand : {"hevc"sv, "hevx"sv, "hevm"sv, "hevs"sv}) {
    if (reads(source, brand, 8)) return unsupported("a HEIC sequence is not supported");
  }
  if (!reads(source, "mif1", 8) && !reads(source, "msf1", 8)) return std::nullopt;
  // Generic brands: the compatible ones, in the rest of this first box, say more.
  ByteReader reader(source);
  const std::size_t box_end = std::min<std::size_t>({reader.be32(), source.size(), 256});
  for (std::size_t at = 16; at + 4 <= box_end; at += 4) {
    if (reads(source, "avif", at)) return SourceFormat::kAvif;
    if (reads(source, "heic", at) || reads(source, "heix", at)) return SourceFormat::kHeic;
  }
  return unsupported("HEIF is not a supported format");
}

std::optional<SourceFormat> sniff_supported(Bytes source) {
  if (reads(source, "\xff\xd8\xff"sv)) return SourceFormat::kJpeg;
  if (reads(source, "\x89PNG\r\n\x1a\n"sv)) return SourceFormat::kPng;
  if (reads(source, "RIFF"sv) && reads(source, "WEBP"sv, 8)) return SourceFormat::kWebp;
  if (reads(source, "GIF87a"sv) || reads(source, "GIF89a"sv)) return SourceFormat::kGif;
  for (const auto mark : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (reads(source, mark)) return SourceFormat::kTiff;
  }
  if (bmp_header_bytes(source)) return SourceFormat::kBmp;
  return std::nullopt;
}

// The first kilobyte in lower case, without byte order mark and leading space; empty unless it is
// text.
std::string leading_text(Bytes source) {
  std::string text;
  for (const std::byte byte : source.first(std::min<std::size_t>(source.size(), 1024))) {
    const auto letter = std::to_integer<unsigned char>(byte);
    if (letter < ' ' && !std::isspace(letter)) return {};
    if (text.empty() && (std::isspace(letter) || letter >= 0xef)) continue;
    text.push_back(static_cast<char>(std::tolower(letter)));
  }
  return text;
}

ImageFault fault_of_text(const std::string& text) {
  const auto not_an_image = [](std::string_view what) {
    return ImageFault{FaultCode::kNotAnImage,
                      "the address answered with " + std::string(what) + " instead of a picture"};
  };
  const auto begins = [&](std::string_view start) { return text.starts_with(start); };
  if (text.contains("<svg") && (begins("<svg") || begins("<?xml") || begins("<!"))) {
    return {FaultCode::kUnsupportedFormat, "SVG is not a supported format"};
  }
  for (const auto mark : {"<!doctype html"sv, "<html"sv, "<head"sv, "<body"sv}) {
    if (text.contains(mark)) return not_an_image("an HTML page");
  }
  if (begins("<")) return not_an_image("an XML document or a piece of HTML");
  if (begins("{") || begins("[")) return not_an_image("a JSON document");
  if (begins("version https://git-lfs")) return not_an_image("a Git LFS pointer");
  return not_an_image("text");
}

}  // namespace

Outcome<SourceFormat> sniff(Bytes source) {
  if (source.empty()) return fault(FaultCode::kEmptyBody, "the address answered with no bytes");
  if (const auto format = sniff_supported(source)) return *format;
  if (auto known = sniff_media_file(source)) return *std::move(known);
  // Text first: a sentence may well begin with BM. Only these two formats are text themselves.
  const std::string text = leading_text(source);
  if (!text.empty() && !text.starts_with('%') && !text.starts_with("#?")) {
    return std::unexpected(fault_of_text(text));
  }
  for (const Signature& known : kUnsupportedPictures) {
    if (reads(source, known.bytes, known.at)) {
      return unsupported(std::string(known.name) + " is not a supported format");
    }
  }
  for (const Signature& known : kOtherFiles) {
    if (reads(source, known.bytes, known.at)) {
      return fault(FaultCode::kNotAnImage,
                   "this is " + std::string(known.name) + ", not a picture");
    }
  }
  if (!text.empty()) return std::unexpected(fault_of_text(text));
  return fault(FaultCode::kNotAnImage, "the bytes are of no known picture format");
}

}  // namespace imgmill::codec_worker
