// A URL taken apart by the parser that will also fetch it, so that what is judged and what is
// connected to cannot differ. Credentials are split off at once: nothing that holds `url` can leak
// them.
//
// Pure; usable from every thread. libcurl stays behind this header.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "model/image_fault.h"

namespace imgmill {

struct FetchUrl {
  std::string url;  // without user:password
  std::string user;
  std::string password;
  std::string host;    // lower case; IPv6 in brackets
  std::string origin;  // "https://host:443"
  bool https = false;
};

// nullopt when libcurl cannot fetch it, or it is neither http nor https. Spaces and bytes that are
// not ASCII are percent-encoded.
[[nodiscard]] std::optional<FetchUrl> parse_fetch_url(std::string_view url);

// Where a redirect from `from` leads. kInvalidUrl: to something that is not fetched, or from https
// down to http. Credentials stay with their origin.
[[nodiscard]] std::expected<FetchUrl, ImageFault> redirect_target(const FetchUrl& from,
                                                                  std::string_view location);

}  // namespace imgmill
