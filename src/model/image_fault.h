// Why an image failed, in the words of CONTRACT section 4: a code that programs read and a sentence
// that people read. A fault is a result of work, not an Error of the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace imgmill {

enum class FaultCode {
  kInvalidUrl,
  kBlockedAddress,
  kDnsFailure,
  kConnectFailed,
  kTlsFailed,
  kTimeout,
  kHttpStatus,  // written http_NNN
  kTooManyRedirects,
  kTooLarge,
  kEmptyBody,
  kNotAnImage,
  kUnsupportedFormat,
  kTooManyPixels,
  kCorruptImage,
  kDecoderCrashed,
  kDecoderTimeout,
  kStorageFailed,
  kDoesNotFit,  // into max_bytes, at any quality
  kCancelled,
};

struct ImageFault {
  FaultCode code = FaultCode::kCorruptImage;
  std::string message;  // public: one sentence, no path or secret, says how to mend where it can
  int http_status = 0;  // of kHttpStatus only

  bool operator==(const ImageFault&) const = default;
};

// "http_404", "blocked_address", …: the contract's word.
[[nodiscard]] std::string code_word(const ImageFault& fault);
// The reverse, for what was stored; nullopt for an unknown word.
[[nodiscard]] std::optional<ImageFault> fault_of(std::string_view word, std::string message);

}  // namespace imgmill
