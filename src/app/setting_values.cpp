#include "app/setting_values.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/text.h"

namespace imgmill {
namespace {

constexpr std::size_t kScheduleStepsMax = 50;
constexpr std::uint64_t kPauseSecondsMax = std::uint64_t{30} * 86'400;

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, 16> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace

bool ListenAddress::is_loopback() const { return host.starts_with("127.") || host == "::1"; }

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < min ||
      value > max) {
    return fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is not a whole number from {} to {}", text, min, max));
  }
  return value;
}

Result<int> parse_quality(std::string_view text) {
  if (text == kQualityAutoWord) return kQualityAuto;
  const auto number = parse_number(text, kQualityMin, kQualityMax);
  if (number) return static_cast<int>(*number);
  return fail(ErrorCode::kInvalid, number.error().text + ", nor \"auto\"");
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    int shift;
  };
  constexpr std::array<Unit, 3> kUnits{{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 40;
  int shift = 0;
  std::string_view digits = text;
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    shift = unit.shift;
    digits.remove_suffix(unit.name.size());
  }
  const auto value = parse_number(trimmed(digits), 1, kBytesMax >> shift);
  if (!value) {
    return fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is not a size: write bytes, or 64MiB, or 1GiB", text));
  }
  return *value << shift;
}

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto wrong = [&] {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("\"{}\" is not ADDRESS:PORT, such as 127.0.0.1:5000 or [::1]:5000", text));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return wrong();
  std::string host(text.substr(0, colon));
  const auto port = parse_number(text.substr(colon + 1), 1, 65'535);
  if (!port) return wrong();
  if (host.empty()) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (!is_ip_address(host)) return wrong();
  return ListenAddress{.host = std::move(host), .port = static_cast<std::uint16_t>(*port)};
}

Result<std::string> parse_base_url(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const bool http = text.starts_with("http://") && text.size() > 7;
  const bool https = text.starts_with("https://") && text.size() > 8;
  const bool clean = text.find_first_of(" ,\"\t\r\n?#") == text.npos;
  if (text.contains('@')) return fail(ErrorCode::kInvalid, "write it without user and password");
  if ((!http && !https) || !clean) {
    return fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is not an http or https URL without query and comma", text));
  }
  return std::string(text);
}

Result<std::string> parse_api_key(std::string_view text) {
  constexpr std::size_t kBytesMax = 255;
  const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
  if (visible && text.size() <= kBytesMax) return std::string(text);
  return fail(ErrorCode::kInvalid, "it is no key: it has spaces or is too long");
}

Result<std::vector<std::string>> parse_list(std::string_view text) {
  std::vector<std::string> pieces;
  if (trimmed(text).empty()) return pieces;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view piece = trimmed(text.substr(begin, comma - begin));
    if (piece.empty()) return fail(ErrorCode::kInvalid, "an entry of the list is empty");
    pieces.emplace_back(piece);
    begin = comma + 1;
  }
  return pieces;
}

Result<std::filesystem::path> parse_ca_file(std::string_view text) {
  if (text.empty()) return std::filesystem::path();
  std::error_code error;
  std::ifstream in;
  if (std::filesystem::is_regular_file(text, error)) in.open(std::string(text), std::ios::binary);
  const std::string pem((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (certificates_in(pem) > 0) return std::filesystem::path(text);
  return fail(ErrorCode::kInvalid,
              fmt::format("\"{}\" cannot be read, or is no PEM file of whole certificates", text));
}

Result<std::vector<std::string>> parse_secrets(std::string_view text) {
  constexpr std::string_view kStandardPrefix = "whsec_";
  TRY(std::vector<std::string> secrets, parse_list(text));
  if (secrets.empty() && !text.empty()) {
    return fail(ErrorCode::kInvalid, "there is no secret in it");
  }
  for (const std::string& secret : secrets) {
    if (secret.starts_with('"')) return fail(ErrorCode::kInvalid, "a secret begins with a quote");
    if (!secret.starts_with(kStandardPrefix)) continue;
    const auto key = from_base64(std::string_view(secret).substr(kStandardPrefix.size()));
    if (!key || key->empty()) {
      return fail(ErrorCode::kInvalid, "what follows whsec_ is not padded base64");
    }
  }
  return secrets;
}

Result<std::vector<std::chrono::seconds>> parse_schedule(std::string_view text) {
  std::vector<std::chrono::seconds> schedule;
  TRY(const std::vector<std::string> pieces, parse_list(text));
  for (const std::string& piece : pieces) {
    TRY(const std::uint64_t seconds, parse_number(piece, 0, kPauseSecondsMax));
    schedule.emplace_back(seconds);
  }
  if (schedule.size() > kScheduleStepsMax) {
    return fail(ErrorCode::kInvalid, fmt::format("more than {} pauses", kScheduleStepsMax));
  }
  return schedule;
}

}  // namespace imgmill
