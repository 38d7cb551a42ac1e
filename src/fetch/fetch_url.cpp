#include "fetch/fetch_url.h"

#include <memory>

#include <curl/curl.h>

#include "base/text.h"

namespace imgmill {
namespace {

constexpr unsigned kParseFlags = CURLU_URLENCODE | CURLU_ALLOW_SPACE;

using UrlHandle = std::unique_ptr<CURLU, decltype([](CURLU* handle) { curl_url_cleanup(handle); })>;

std::optional<std::string> part_of(CURLU* handle, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle, part, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool set_url(CURLU* handle, std::string_view url) {
  if (url.find('\0') != url.npos) return false;
  return curl_url_set(handle, CURLUPART_URL, std::string(url).c_str(), kParseFlags) == CURLUE_OK;
}

// Takes the credentials out of the handle. False when they cannot be decoded.
bool split_credentials(CURLU* handle, FetchUrl& parsed) {
  for (const auto [part, out] :
       {std::pair{CURLUPART_USER, &parsed.user}, std::pair{CURLUPART_PASSWORD, &parsed.password}}) {
    if (!part_of(handle, part)) continue;
    auto text = part_of(handle, part, CURLU_URLDECODE);
    if (!text) return false;
    *out = *std::move(text);
    curl_url_set(handle, part, nullptr, 0);
  }
  return true;
}

std::optional<FetchUrl> take_apart(CURLU* handle) {
  const auto scheme = part_of(handle, CURLUPART_SCHEME);
  auto host = part_of(handle, CURLUPART_HOST);
  const auto port = part_of(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || !host || host->empty() || !port) return std::nullopt;
  if (*scheme != "http" && *scheme != "https") return std::nullopt;
  FetchUrl parsed;
  if (!split_credentials(handle, parsed)) return std::nullopt;
  curl_url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
  auto url = part_of(handle, CURLUPART_URL);
  if (!url) return std::nullopt;
  parsed.url = *std::move(url);
  parsed.host = lower_case(*host);
  parsed.origin = *scheme + "://" + parsed.host + ":" + *port;
  parsed.https = *scheme == "https";
  return parsed;
}

}  // namespace

std::optional<FetchUrl> parse_fetch_url(std::string_view url) {
  const UrlHandle handle(curl_url());
  if (!handle || !set_url(handle.get(), url)) return std::nullopt;
  return take_apart(handle.get());
}

std::expected<FetchUrl, ImageFault> redirect_target(const FetchUrl& from,
                                                    std::string_view location) {
  const UrlHandle handle(curl_url());
  std::optional<FetchUrl> target;
  // The second set resolves a relative reference against the first.
  if (handle && set_url(handle.get(), from.url) && set_url(handle.get(), location)) {
    target = take_apart(handle.get());
  }
  if (!target) {
    return std::unexpected(ImageFault{
        FaultCode::kInvalidUrl, "the origin redirects to something that is no http or https URL"});
  }
  if (from.https && !target->https) {
    return std::unexpected(
        ImageFault{FaultCode::kInvalidUrl,
                   "the origin redirects from https down to http, which is not followed"});
  }
  if (target->user.empty() && target->password.empty() && target->origin == from.origin) {
    target->user = from.user;
    target->password = from.password;
  }
  return *std::move(target);
}

}  // namespace imgmill
