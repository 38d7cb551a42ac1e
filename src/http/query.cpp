#include "http/query.h"

#include <charconv>

#include <fmt/format.h>

#include "http/path.h"

namespace imgmill {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int byte = escaped_byte(text.substr(i));
    if (byte < 0) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

// The piece up to the next '&', taken off the front.
std::string_view next_piece(std::string_view& rest) {
  const std::size_t end = rest.find('&');
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return piece;
}

}  // namespace

Problem bad_parameter(std::string_view name, std::string_view reason) {
  return {
      .status = 400, .error = "Invalid parameter", .detail = fmt::format("{}: {}", name, reason)};
}

Answer<std::optional<std::string>> query_value(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  while (!query.empty()) {
    const std::string_view piece = next_piece(query);
    const std::size_t equals = piece.find('=');
    if (decoded(piece.substr(0, equals)) != name || equals == piece.npos) continue;
    if (equals + 1 == piece.size()) continue;
    if (found) return std::unexpected(bad_parameter(name, "it is given twice"));
    found = decoded(piece.substr(equals + 1));
    if (!found) return std::unexpected(bad_parameter(name, "a % stands before two hex digits"));
  }
  return found;
}

bool has_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view piece = next_piece(query);
    if (decoded(piece.substr(0, piece.find('='))) == name) return true;
  }
  return false;
}

Answer<std::optional<std::uint32_t>> query_number(std::string_view query, std::string_view name,
                                                  std::uint32_t min, std::uint32_t max) {
  const auto text = query_value(query, name);
  if (!text) return std::unexpected(text.error());
  if (!*text) return std::nullopt;
  const std::string& digits = **text;
  std::uint32_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || number < min || number > max) {
    return std::unexpected(
        bad_parameter(name, fmt::format("a whole number from {} to {} is wanted", min, max)));
  }
  return number;
}

}  // namespace imgmill
