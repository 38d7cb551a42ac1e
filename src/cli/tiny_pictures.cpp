#include "cli/tiny_pictures.h"

#include <cstdint>
#include <string_view>

namespace imgmill::cli {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kSide = 8;

void put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value & 0xFF);
  out += static_cast<char>(value >> 8 & 0xFF);
}

void put32(std::string& out, std::uint32_t value) {
  put16(out, value & 0xFFFF);
  put16(out, value >> 16);
}

std::uint32_t shade(std::uint32_t x, std::uint32_t y) { return 16 + 15 * x + 12 * y; }

}  // namespace

std::string tiny_bmp() {
  constexpr std::uint32_t kHeader = 54;
  constexpr std::uint32_t kPixels = kSide * kSide * 3;  // rows are whole words
  std::string out = "BM";
  put32(out, kHeader + kPixels);
  put32(out, 0);
  put32(out, kHeader);
  put32(out, 40);
  put32(out, kSide);
  put32(out, kSide);
  put16(out, 1);
  put16(out, 24);
  put32(out, 0);
  put32(out, kPixels);
  for (int rest = 0; rest < 4; ++rest) put32(out, 0);
  for (std::uint32_t y = 0; y < kSide; ++y) {
    for (std::uint32_t x = 0; x < kSide; ++x) {
      out += static_cast<char>(shade(x, y));
      out += static_cast<char>(shade(y, x));
      out += static_cast<char>(shade(kSide - x, y));
    }
  }
  return out;
}

// One black pixel: codes of three bits, "clear", "0", "end".
std::string tiny_gif() {
  return std::string(
      "GIF89a\x01\0\x01\0\x80\0\0"
      "\0\0\0\xFF\xFF\xFF"
      ",\0\0\0\0\x01\0\x01\0\0"
      "\x02\x02\x44\x01\0;"sv);
}

std::string tiny_tiff() {
  struct Field {
    std::uint32_t tag;
    std::uint32_t value;
  };
  constexpr std::uint32_t kPixelsAt = 8;
  constexpr std::uint32_t kPixels = kSide * kSide;
  // Width, height, bits, no compression, black is zero, where, samples, rows, bytes.
  constexpr Field kFields[] = {{256, kSide}, {257, kSide}, {258, 8},
                               {259, 1},     {262, 1},     {273, kPixelsAt},
                               {277, 1},     {278, kSide}, {279, kPixels}};
  std::string out = "II*";
  out += '\0';
  put32(out, kPixelsAt + kPixels);
  for (std::uint32_t at = 0; at < kPixels; ++at) {
    out += static_cast<char>(shade(at % kSide, at / kSide));
  }
  put16(out, static_cast<std::uint32_t>(std::size(kFields)));
  for (const Field& field : kFields) {
    constexpr std::uint32_t kLong = 4;
    put16(out, field.tag);
    put16(out, kLong);
    put32(out, 1);
    put32(out, field.value);
  }
  put32(out, 0);
  return out;
}

}  // namespace imgmill::cli
