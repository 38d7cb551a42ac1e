#include "intake/url.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <iterator>
#include <memory>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>
#include <idn2.h>

#include "base/limits.h"
#include "intake/text.h"

namespace imgmill {
namespace {

namespace urls = boost::urls;

struct UrlParts {
  std::string_view scheme{};  // with "://"
  std::string_view user{};    // without "@"
  std::string_view host{};    // with the port
  std::string_view target{};  // path, query and fragment
  bool has_user = false;
};

std::string_view scheme_of(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (starts_with_ignoring_case(url, scheme)) return url.substr(0, scheme.size());
  }
  return {};
}

UrlParts parts_of(std::string_view url) {
  UrlParts parts{.scheme = scheme_of(url)};
  url.remove_prefix(parts.scheme.size());
  const std::size_t authority_end = std::min(url.find_first_of("/?#"), url.size());
  parts.host = url.substr(0, authority_end);
  parts.target = url.substr(authority_end);
  if (const std::size_t at = parts.host.rfind('@'); at != std::string_view::npos) {
    parts.has_user = true;
    parts.user = parts.host.substr(0, at);
    parts.host.remove_prefix(at + 1);
  }
  return parts;
}

using CharSet = std::array<bool, 256>;

constexpr CharSet chars_of(std::string_view more) {
  CharSet chars{};
  for (int i = 'a'; i <= 'z'; ++i) chars[static_cast<std::size_t>(i)] = true;
  for (int i = 'A'; i <= 'Z'; ++i) chars[static_cast<std::size_t>(i)] = true;
  for (int i = '0'; i <= '9'; ++i) chars[static_cast<std::size_t>(i)] = true;
  for (const char c : more) chars[static_cast<unsigned char>(c)] = true;
  return chars;
}

// RFC 3986, 3.2.1 and 3.3 to 3.5.
constexpr CharSet kUserChars = chars_of("-._~!$&'()*+,;=:");
constexpr CharSet kTargetChars = chars_of("-._~!$&'()*+,;=:@/?");
constexpr CharSet kHostChars = chars_of("-._");
constexpr CharSet kHexDigits = [] {
  CharSet digits{};
  for (const char c : std::string_view("0123456789abcdefABCDEF")) {
    digits[static_cast<unsigned char>(c)] = true;
  }
  return digits;
}();

bool is_in(const CharSet& chars, char c) { return chars[static_cast<unsigned char>(c)]; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_escape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && is_in(kHexDigits, text[1]) &&
         is_in(kHexDigits, text[2]);
}

void encode(std::string_view text, const CharSet& allowed, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_in(allowed, text[i]) || is_escape(text.substr(i))) {
      out += text[i];
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(text[i]));
    }
  }
}

// The first "#" begins the fragment; any other is a character like the rest.
void encode_target(std::string_view target, std::string& out) {
  const std::size_t fragment = std::min(target.find('#'), target.size());
  encode(target.substr(0, fragment), kTargetChars, out);
  if (fragment == target.size()) return;
  out += '#';
  encode(target.substr(fragment + 1), kTargetChars, out);
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_host_name(std::string_view host) {
  const bool plain = std::ranges::all_of(host, [](char c) { return is_in(kHostChars, c); });
  return plain && host.find_first_not_of("-._") != std::string_view::npos;
}

// IDNA 2008 with the mapping of browsers (UTS 46); as written when that cannot be done, or when a
// letter such as U+2100 became "a/c", which would end the host.
std::string ascii_host(std::string_view host) {
  if (is_ascii(host)) return std::string(host);
  const std::size_t port = std::min(host.rfind(':'), host.size());
  const std::string name(host.substr(0, port));
  char* converted = nullptr;
  const int status =
      idn2_to_ascii_8z(name.c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, void (*)(void*)> owner(converted, idn2_free);
  if (status != IDN2_OK || !is_host_name(converted)) return std::string(host);
  return converted + std::string(host.substr(port));
}

bool written_well(const UrlParts& parts) {
  const auto fine = [](char c) { return is_in(kTargetChars, c); };
  return !parts.has_user && is_ascii(parts.host) && std::ranges::all_of(parts.target, fine);
}

std::string encoded(const UrlParts& parts) {
  std::string out(parts.scheme);
  if (parts.has_user) {
    encode(parts.user, kUserChars, out);
    out += '@';
  }
  out += ascii_host(parts.host);
  encode_target(parts.target, out);
  return out;
}

std::string about(std::string_view url, std::string_view what) {
  return fmt::format("{} {}", excerpt(url), what);
}

// A list whose commas were forgotten. A URL inside another ("?from=http://h/") follows neither.
bool holds_another(std::string_view url) {
  for (std::size_t at = url.find_first_of(" ;"); at != url.npos; at = url.find_first_of(" ;", at)) {
    if (!scheme_of(url.substr(++at)).empty()) return true;
  }
  return false;
}

std::string not_valid(std::string_view url) {
  return about(url, "is not a valid URL: write http://host/path, with a port of digits if any");
}

bool is_all_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

// The WHATWG's reading: a host whose last label is a number is an IPv4 address or nothing.
// Resolvers take the same short, octal and hexadecimal forms.
bool is_broken_address(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const std::string_view last = name.substr(name.rfind('.') + 1);
  const bool is_hex =
      starts_with_ignoring_case(last, "0x") &&
      std::ranges::all_of(last.substr(2), [](char c) { return is_in(kHexDigits, c); });
  if (!is_hex && !is_all_digits(last)) return false;
  in_addr address{};
  return inet_aton(std::string(name).c_str(), &address) == 0;
}

std::optional<std::string> port_fault(std::string_view url, std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  // Not Boost's port_number(): it keeps the low 16 bits of what does not fit.
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error == std::errc() && port != 0) return std::nullopt;
  return about(url, "has a port that is not within 1 and 65535");
}

// Hosts that are no plain name: addresses in brackets, and what is to be refused.
std::optional<std::string> odd_host_fault(std::string_view url, std::string_view to_parse) {
  const auto parsed = urls::parse_uri(to_parse);
  // Boost 1.81 takes "http://h:80a/x" for the port 80 and the path "a/x": the whole authority must
  // be what it was read as.
  const bool whole = parsed && (parsed->encoded_path().empty() || parsed->encoded_path()[0] == '/');
  if (!whole) return not_valid(url);
  if (parsed->encoded_host().empty()) return about(url, "has no host: write http://host/path");
  if (parsed->host_type() == urls::host_type::name) {
    return about(url, "has a host name with characters that no host name has");
  }
  return port_fault(url, parsed->port());
}

// A plain name is not left to Boost: it takes the front of "1.2.3.4.example.com:80" for an address
// and stumbles over the rest.
std::optional<std::string> host_fault(std::string_view url, std::string_view to_parse,
                                      std::string_view host_and_port) {
  const std::size_t colon = std::min(host_and_port.find(':'), host_and_port.size());
  const std::string_view name = host_and_port.substr(0, colon);
  if (!is_host_name(name)) return odd_host_fault(url, to_parse);
  if (is_broken_address(name)) {
    return about(url, "has a host that ends in a number and is no IPv4 address");
  }
  if (colon == host_and_port.size()) return std::nullopt;
  const std::string_view port = host_and_port.substr(colon + 1);
  return is_all_digits(port) ? port_fault(url, port) : not_valid(url);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::optional<std::string> text_fault(std::string_view text) {
  if (text.empty()) return "a URL is missing: there is nothing before a comma";
  if (text.size() > limits::kUrlBytesMax) {
    return about(text, fmt::format("is {} bytes long: at most {} are taken", text.size(),
                                   limits::kUrlBytesMax));
  }
  if (std::ranges::any_of(text, is_control)) {
    return about(text, "has a line break or control character in it: separate URLs by commas");
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> url_fault(std::string_view url) {
  if (auto fault = text_fault(url)) return fault;
  const UrlParts parts = parts_of(url);
  if (parts.scheme.empty()) return about(url, "must start with http:// or https://");
  if (parts.host.empty()) return about(url, "has no host: write http://host/path");
  if (holds_another(url)) return about(url, "are several URLs: separate them with commas");
  if (written_well(parts)) return host_fault(url, url, parts.host);
  return host_fault(url, encoded(parts), ascii_host(parts.host));
}

std::string fetchable_url(std::string_view url) {
  const UrlParts parts = parts_of(url);
  return written_well(parts) ? std::string(url) : encoded(parts);
}

std::optional<std::string> source_fault(std::string_view source, bool local_paths) {
  if (!local_paths || !scheme_of(source).empty()) return url_fault(source);
  if (auto fault = text_fault(source)) return fault;
  constexpr std::string_view kFile = "file://";
  if (starts_with_ignoring_case(source, kFile)) {
    const std::string_view rest = source.substr(kFile.size());
    if (rest.starts_with('/') || starts_with_ignoring_case(rest, "localhost/")) return std::nullopt;
    return about(source, "names another machine: write file:///path");
  }
  if (source.find("://") == std::string_view::npos) return std::nullopt;
  return about(source, "must start with http://, https:// or file://, or be a path");
}

}  // namespace imgmill
