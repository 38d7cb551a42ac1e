#include "model/api_key.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/crypto.h"

namespace imgmill {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kNameBytesMax = 64;

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool may_be_in_name(char c) {
  constexpr std::string_view kSigns = "._-@+";
  return is_letter_or_digit(c) || kSigns.contains(c);
}

}  // namespace

std::string new_api_key() {
  std::array<std::uint8_t, kRandomBytes> bytes;
  random_bytes(bytes);
  return "imk_" + to_hex(bytes);
}

std::string key_digest(std::string_view key) { return to_hex(sha256(key)); }

std::string key_id(std::string_view digest) { return std::string(digest.substr(0, kIdDigits)); }

std::optional<std::string> key_name_fault(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= kNameBytesMax &&
                    is_letter_or_digit(name.front()) && std::ranges::all_of(name, may_be_in_name);
  if (!fits) {
    return "a key's name has 1 to 64 letters, digits and . _ - @ +, and begins with a letter or "
           "digit";
  }
  if (name.size() == kIdDigits && std::ranges::all_of(name, is_hex_digit)) {
    return "a name of eight hex digits would look like a key's id";
  }
  return std::nullopt;
}

}  // namespace imgmill
