#include "http/upload_form.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include <fmt/format.h>

#include "intake/url.h"

namespace imgmill {
namespace {

constexpr std::array<std::string_view, 3> kOptions{"webhook_url", "quality", "on_invalid"};
constexpr std::array<std::string_view, 3> kLaterOptions{"format", "max_width", "max_height"};

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::unexpected<Problem> bad_option(std::string detail) {
  return std::unexpected(
      Problem{.status = 400, .error = "Invalid option", .detail = std::move(detail)});
}

Answer<int> read_quality(std::string_view text) {
  int quality = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, quality);
  if (error == std::errc() && stop == end && quality >= kQualityMin && quality <= kQualityMax) {
    return quality;
  }
  return bad_option(
      fmt::format("quality is a whole number from {} to {}", kQualityMin, kQualityMax));
}

Answer<bool> read_on_invalid(std::string_view text) {
  if (text == "reject") return false;
  if (text == "skip") return true;
  return bad_option("on_invalid is \"reject\" or \"skip\"");
}

}  // namespace

bool UploadForm::is_option(std::string_view name) {
  return is_among(kOptions, name) || is_among(kLaterOptions, name);
}

Answer<void> UploadForm::set(std::string_view name, std::string value) {
  if (is_among(kLaterOptions, name)) {
    return bad_option(fmt::format("{} is not supported yet: leave it out", name));
  }
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
