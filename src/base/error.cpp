#include "base/error.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace imgmill {

std::unexpected<Error> fail_errno(int error_number, std::string text, std::string detail) {
  ErrorCode code = ErrorCode::kIo;
  if (error_number == ENOSPC || error_number == EDQUOT) code = ErrorCode::kNoSpace;
  if (error_number == EFBIG) code = ErrorCode::kTooLarge;
  const std::string reason = std::strerror(error_number);
  detail = detail.empty() ? reason : fmt::format("{}: {}", detail, reason);
  return fail(code, std::move(text), std::move(detail));
}

std::string describe(const Error& error) {
  if (error.detail.empty()) return error.text;
  if (error.text.empty()) return error.detail;
  return fmt::format("{} ({})", error.text, error.detail);
}

}  // namespace imgmill
