#include "codec/reply_check.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/limits.h"
#include "codec/wire.h"

namespace imgmill {
namespace {

using namespace std::string_view_literals;

using Taken = std::expected<CodecOutcome, std::string_view>;

bool has_at(std::span<const std::byte> bytes, std::size_t offset, std::string_view text) {
  return bytes.size() >= offset + text.size() &&
         std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

// Keeps a child from passing off a script as a picture that we then serve.
bool begins_as(PictureFormat format, std::span<const std::byte> bytes) {
  switch (format) {
    case PictureFormat::kJpeg:
      return has_at(bytes, 0, "\xff\xd8\xff"sv);
    case PictureFormat::kPng:
      return has_at(bytes, 0, "\x89PNG\r\n\x1a\n"sv);
    case PictureFormat::kWebp:
      return has_at(bytes, 0, "RIFF"sv) && has_at(bytes, 8, "WEBP"sv);
    case PictureFormat::kGif:
      return has_at(bytes, 0, "GIF87a"sv) || has_at(bytes, 0, "GIF89a"sv);
    case PictureFormat::kAvif:
      return has_at(bytes, 4, "ftyp"sv);
    case PictureFormat::kTiff:
      return has_at(bytes, 0, "II*\0"sv) || has_at(bytes, 0, "MM\0*"sv) ||
             has_at(bytes, 0, "II+\0"sv) || has_at(bytes, 0, "MM\0+"sv);
  }
  return false;
}

bool keeps(const Recipe& recipe, const codec_wire::Reply& reply) {
  const bool of_format = !recipe.format || static_cast<std::uint8_t>(*recipe.format) == reply.code;
  const bool fits = (recipe.max_width == 0 || reply.width <= recipe.max_width) &&
                    (recipe.max_height == 0 || reply.height <= recipe.max_height);
  const bool small = recipe.max_bytes == 0 || reply.bytes <= recipe.max_bytes;
  const int quality_max = recipe.quality == kQualityAuto ? kQualityMax : recipe.quality;
  return of_format && fits && small && reply.quality <= quality_max;
}

Taken take_picture(const codec_wire::Reply& reply, std::span<const std::byte> reply_area,
                   const ReplyBounds& bounds) {
  if (reply.code >= kFormats.size()) return std::unexpected("unknown format"sv);
  if (reply.bytes == 0) return std::unexpected("empty picture"sv);
  if (reply.width == 0 || reply.height == 0) return std::unexpected("no pixels"sv);
  if (std::uint64_t{reply.width} * reply.height > bounds.pixels_max) {
    return std::unexpected("more pixels than asked for"sv);
  }
  if (reply.method >= kMethodNames.size()) return std::unexpected("unknown method"sv);
  if (!keeps(bounds.recipe, reply)) return std::unexpected("not what the recipe asks for"sv);
  const auto shared = reply_area.first(reply.bytes);
  Rendition rendition{
      .bytes = std::vector<std::byte>(shared.begin(), shared.end()),
      .format = static_cast<PictureFormat>(reply.code),
      .width = reply.width,
      .height = reply.height,
      .method = static_cast<RenderMethod>(reply.method),
      .quality = reply.quality,
      .codec_cpu_us = std::min(reply.cpu_us, bounds.cpu_us_max),
  };
  if (!begins_as(rendition.format, rendition.bytes)) {
    return std::unexpected("the bytes are not of the format it names"sv);
  }
  return CodecOutcome{.rendition = std::move(rendition), .fault = std::nullopt};
}

Taken take_fault(const codec_wire::Reply& reply, std::span<const std::byte> reply_area) {
  const auto code = codec_wire::fault_of_byte(reply.code);
  if (!code) return std::unexpected("unknown fault"sv);
  if (reply.bytes > limits::kCodecMessageBytesMax) return std::unexpected("message too long"sv);
  std::string text;
  for (const std::byte byte : reply_area.first(reply.bytes)) {
    const char c = static_cast<char>(byte);
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return CodecOutcome{.rendition = std::nullopt,
                      .fault = ImageFault{.code = *code, .message = std::move(text)}};
}

}  // namespace

Taken take_reply(std::span<const std::byte> message, std::span<const std::byte> reply_area,
                 const ReplyBounds& bounds) {
  const auto reply = codec_wire::decode_reply(message);
  if (!reply) return std::unexpected("not a reply"sv);
  if (reply->job != bounds.job) return std::unexpected("a reply to another request"sv);
  if (reply->bytes > reply_area.size()) return std::unexpected("longer than the arena"sv);
  if (reply->kind == codec_wire::ReplyKind::kFault) return take_fault(*reply, reply_area);
  return take_picture(*reply, reply_area, bounds);
}

}  // namespace imgmill
