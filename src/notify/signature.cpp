#include "notify/signature.h"

#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "base/crypto.h"

namespace imgmill {
namespace {

constexpr std::string_view kEncodedPrefix = "whsec_";

std::string standard_key(std::string_view secret) {
  if (!secret.starts_with(kEncodedPrefix)) return std::string(secret);
  std::string encoded(secret.substr(kEncodedPrefix.size()));
  encoded.append((4 - encoded.size() % 4) % 4, '=');
  const std::optional<std::string> key = from_base64(encoded);
  return key && !key->empty() ? *key : std::string(secret);
}

}  // namespace

std::string body_signature(std::string_view secret, std::string_view body) {
  return to_hex(hmac_sha256(secret, body));
}

std::string standard_signatures(std::span<const std::string> secrets, std::string_view event_id,
                                std::string_view timestamp, std::string_view body) {
  const std::string message = fmt::format("{}.{}.{}", event_id, timestamp, body);
  std::string signatures;
  for (const std::string& secret : secrets) {
    if (!signatures.empty()) signatures += ' ';
    signatures += "v1," + to_base64(hmac_sha256(standard_key(secret), message));
  }
  return signatures;
}

std::string unix_seconds(Time time) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

}  // namespace imgmill
