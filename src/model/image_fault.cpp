#include "model/image_fault.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace imgmill {
namespace {

constexpr std::array<std::pair<FaultCode, std::string_view>, 18> kWords{{
    {FaultCode::kInvalidUrl, "invalid_url"},
    {FaultCode::kBlockedAddress, "blocked_address"},
    {FaultCode::kDnsFailure, "dns_failure"},
    {FaultCode::kConnectFailed, "connect_failed"},
    {FaultCode::kTlsFailed, "tls_failed"},
    {FaultCode::kTimeout, "timeout"},
    {FaultCode::kTooManyRedirects, "too_many_redirects"},
    {FaultCode::kTooLarge, "too_large"},
    {FaultCode::kEmptyBody, "empty_body"},
    {FaultCode::kNotAnImage, "not_an_image"},
    {FaultCode::kUnsupportedFormat, "unsupported_format"},
    {FaultCode::kTooManyPixels, "too_many_pixels"},
    {FaultCode::kCorruptImage, "corrupt_image"},
    {FaultCode::kDecoderCrashed, "decoder_crashed"},
    {FaultCode::kDecoderTimeout, "decoder_timeout"},
    {FaultCode::kStorageFailed, "storage_failed"},
    {FaultCode::kDoesNotFit, "does_not_fit"},
    {FaultCode::kCancelled, "cancelled"},
}};

constexpr std::string_view kHttpPrefix = "http_";

}  // namespace

std::string code_word(const ImageFault& fault) {
  for (const auto& [code, word] : kWords) {
    if (code == fault.code) return std::string(word);
  }
  return fmt::format("{}{}", kHttpPrefix, fault.http_status);
}

std::optional<ImageFault> fault_of(std::string_view word, std::string message) {
  for (const auto& [code, known] : kWords) {
    if (known == word) return ImageFault{code, std::move(message)};
  }
  if (!word.starts_with(kHttpPrefix)) return std::nullopt;
  word.remove_prefix(kHttpPrefix.size());
  int status = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), status);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return ImageFault{FaultCode::kHttpStatus, std::move(message), status};
}

}  // namespace imgmill
