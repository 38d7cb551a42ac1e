#include "fetch/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

#include <curl/curl.h>

#include "base/text.h"

namespace imgmill {
namespace {

constexpr std::int64_t kSecondsMax = std::numeric_limits<std::uint32_t>::max();

std::chrono::seconds seconds_of(std::string_view digits) {
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return std::chrono::seconds(error == std::errc::result_out_of_range ? kSecondsMax : seconds);
}

}  // namespace

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, Time now) {
  value = trimmed(value);
  if (value.empty()) return std::nullopt;
  if (value.find_first_not_of("0123456789") == value.npos) return seconds_of(value);
  const std::int64_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  const std::int64_t now_s =
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  return std::chrono::seconds(std::clamp<std::int64_t>(date - now_s, 0, kSecondsMax));
}

}  // namespace imgmill
