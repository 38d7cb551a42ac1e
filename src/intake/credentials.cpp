// without_credentials(): what stands in messages and logs instead of a URL, or of something that
// was meant to be one.
#include <algorithm>

#include "intake/url.h"

namespace imgmill {
namespace {

constexpr std::string_view kSchemeChars =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-";
constexpr std::string_view kSlashes = "/\\";

// Where the next "scheme:/" after `from` begins; the text's end when there is none.
std::size_t next_scheme(std::string_view text, std::size_t from) {
  for (std::size_t colon = text.find(':', from); colon != text.npos;
       colon = text.find(':', colon + 1)) {
    if (text.substr(colon + 1).find_first_of(kSlashes) != 0) continue;
    const std::size_t before =
        text.substr(from, colon - from).find_last_not_of(kSchemeChars) + 1;  // 0: none
    if (from + before < colon) return from + before;
  }
  return text.size();
}

// How long "https://" is at the front, with as many slashes of either kind as somebody wrote; the
// colon may be missing before two of them ("http//", "//").
std::size_t head_size(std::string_view text) {
  const std::size_t name = std::min(text.find_first_not_of(kSchemeChars), text.size());
  const bool colon = text.substr(name).starts_with(':');
  const std::size_t slashes = name + (colon ? 1 : 0);
  const std::size_t end = std::min(text.find_first_not_of(kSlashes, slashes), text.size());
  return end - slashes >= (colon ? 1U : 2U) ? end : 0;
}

// A colon that begins no port: what follows is a password, and may hold what ends an authority.
bool has_odd_colon(std::string_view authority) {
  const std::size_t colon = authority.find(':');
  if (colon == authority.npos || authority.starts_with('[')) return false;
  return authority.find_first_not_of("0123456789", colon + 1) != authority.npos;
}

// Of text without a scheme, such as "http/user:password@host": where the word of its first colon
// begins, if an "@" follows.
std::size_t schemeless_begin(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || text.find('@', colon) == text.npos) return text.npos;
  return text.substr(0, colon).find_last_of("/\\ \t\r\n") + 1;
}

void append_piece(std::string_view piece, std::string& out) {
  const std::size_t head = head_size(piece);
  const std::string_view rest = piece.substr(head);
  std::string_view hiding = rest.substr(0, rest.find_first_of("/?#"));
  const bool has_scheme = piece.substr(0, head).contains(':');
  const bool in_authority = head > 0 && hiding.contains('@');
  std::size_t begin = 0;
  if (!has_scheme && !in_authority) begin = schemeless_begin(rest);
  if (!in_authority && (!has_scheme || has_odd_colon(hiding))) hiding = rest;
  const std::size_t at = hiding.rfind('@');
  if (at == hiding.npos || begin == rest.npos) {
    out += piece;
    return;
  }
  out += piece.substr(0, head + begin);
  out += rest.substr(at + 1);
}

}  // namespace

std::string without_credentials(std::string_view url) {
  std::string out;
  std::size_t begin = 0;
  while (begin < url.size()) {
    const std::size_t end = next_scheme(url, begin + head_size(url.substr(begin)));
    append_piece(url.substr(begin, end - begin), out);
    begin = end;
  }
  return out;
}

}  // namespace imgmill
