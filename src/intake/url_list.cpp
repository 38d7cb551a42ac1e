// split_urls() and url_stem(): how a cell is cut into URLs, and what a picture's name is made from.
#include <algorithm>
#include <array>

#include "intake/text.h"
#include "intake/url.h"

namespace imgmill {
namespace {

constexpr std::size_t kStemBytesMax = 64;
constexpr std::size_t kExtensionBytesMax = 5;

bool starts_web_url(std::string_view text) {
  return starts_with_ignoring_case(text, "http://") || starts_with_ignoring_case(text, "https://");
}

bool starts_source(std::string_view text, bool local_paths) {
  if (starts_web_url(text)) return true;
  return local_paths && (starts_with_ignoring_case(text, "file://") || text.starts_with('/') ||
                         text.starts_with("./") || text.starts_with("../"));
}

std::string_view without_leading_spaces(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// Where the piece at the front of `text` ends: at its comma, or at the end.
std::size_t piece_end(std::string_view text, bool local_paths) {
  const bool any_comma = local_paths && !starts_web_url(without_leading_spaces(text));
  std::size_t comma = text.find(',');
  while (comma != std::string_view::npos && !any_comma) {
    const std::string_view behind = without_leading_spaces(text.substr(comma + 1));
    if (behind.empty() || starts_source(behind, local_paths)) break;
    // Spaces that were skipped hold no comma, so that every byte is looked at once.
    comma = text.find(',', text.size() - behind.size());
  }
  return std::min(comma, text.size());
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool room = text[i] == '%' && i + 2 < text.size();
    const int high = room ? hex_value(text[i + 1]) : -1;
    const int low = room ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string_view last_segment(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("?#"));
    url = url.substr(std::min(url.find('/'), url.size()));
  }
  return url.substr(url.rfind('/') + 1);
}

std::string_view without_extension(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return name;
  const std::string_view extension = name.substr(dot + 1);
  const bool is_extension =
      extension.size() <= kExtensionBytesMax && std::ranges::all_of(extension, is_alphanumeric);
  return is_extension ? name.substr(0, dot) : name;
}

}  // namespace

void split_urls(std::string_view field, bool local_paths, std::vector<std::string_view>& out) {
  out.clear();
  field = trimmed(field);
  while (!field.empty()) {
    const std::size_t end = piece_end(field, local_paths);
    out.push_back(trimmed(field.substr(0, end)));
    field.remove_prefix(std::min(end + 1, field.size()));
  }
}

std::string url_stem(std::string_view url) {
  const std::string name = percent_decoded(last_segment(url));
  std::string stem;
  for (const char c : without_extension(name)) {
    const bool kept = is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
    if (kept && !(stem.empty() && c == '.')) stem += c;
    if (!kept && !stem.empty() && stem.back() != '-') stem += '-';
    if (stem.size() == kStemBytesMax) break;
  }
  while (stem.ends_with('-') || stem.ends_with('.')) stem.pop_back();
  return stem.empty() ? "image" : stem;
}

}  // namespace imgmill
