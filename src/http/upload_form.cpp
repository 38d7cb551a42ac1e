#include "http/upload_form.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "intake/url.h"

namespace imgmill {
namespace {

constexpr std::array<std::string_view, 7> kOptions{
    "webhook_url", "quality", "format", "max_width", "max_height", "max_bytes", "on_invalid"};

std::unexpected<Problem> bad_option(std::string detail) {
  return std::unexpected(
      Problem{.status = 400, .error = "Invalid option", .detail = std::move(detail)});
}

template <class Number>
Answer<Number> read_number(std::string_view name, std::string_view text, Number min, Number max) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && number >= min && number <= max) return number;
  return bad_option(fmt::format("{} is a whole number from {} to {}", name, min, max));
}

Answer<std::uint32_t> read_side(std::string_view name, std::string_view text) {
  return read_number(name, text, kBoxSideMin, kBoxSideMax);
}

Answer<int> read_quality(std::string_view text) {
  if (text == kQualityAutoWord) return kQualityAuto;
  if (const auto number = read_number("quality", text, kQualityMin, kQualityMax)) return number;
  return bad_option(fmt::format("quality is a whole number from {} to {}, or \"auto\"", kQualityMin,
                                kQualityMax));
}

Answer<std::optional<PictureFormat>> read_format(std::string_view text) {
  if (text == "keep") return std::nullopt;
  const auto format = format_named(text);
  const bool known = format && std::ranges::find(kTargetFormats, *format) != kTargetFormats.end();
  if (known) return format;
  return bad_option(R"(format is "keep", "jpeg", "png", "webp" or "avif")");
}

Answer<bool> read_on_invalid(std::string_view text) {
  if (text == "reject") return false;
  if (text == "skip") return true;
  return bad_option("on_invalid is \"reject\" or \"skip\"");
}

}  // namespace

bool UploadForm::is_option(std::string_view name) {
  return std::ranges::find(kOptions, name) != kOptions.end();
}

Answer<void> UploadForm::set(std::string_view name, std::string value) {
  if (!values_.emplace(name, std::move(value)).second) {
    return bad_option(fmt::format("{} is given twice", name));
  }
  return {};
}

Answer<UploadOptions> UploadForm::read(int quality_default) const {
  UploadOptions options;
  options.recipe.quality = quality_default;
  if (const auto quality = values_.find("quality"); quality != values_.end()) {
    TRY(options.recipe.quality, read_quality(quality->second));
  }
  if (const auto format = values_.find("format"); format != values_.end()) {
    TRY(options.recipe.format, read_format(format->second));
  }
  if (const auto width = values_.find("max_width"); width != values_.end()) {
    TRY(options.recipe.max_width, read_side("max_width", width->second));
  }
  if (const auto height = values_.find("max_height"); height != values_.end()) {
    TRY(options.recipe.max_height, read_side("max_height", height->second));
  }
  if (const auto bytes = values_.find("max_bytes"); bytes != values_.end()) {
    TRY(options.recipe.max_bytes,
        read_number("max_bytes", bytes->second, kBytesBoundMin, kBytesBoundMax));
  }
  if (const auto on_invalid = values_.find("on_invalid"); on_invalid != values_.end()) {
    TRY(options.skip_invalid_rows, read_on_invalid(on_invalid->second));
  }
  // A browser sends a field that was left empty.
  if (const auto url = values_.find("webhook_url"); url != values_.end() && !url->second.empty()) {
    if (const auto fault = url_fault(url->second)) {
      return bad_option("webhook_url cannot be used: " + *fault);
    }
    options.webhook_url = url->second;
  }
  return options;
}

}  // namespace imgmill
