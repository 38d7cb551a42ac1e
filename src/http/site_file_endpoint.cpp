#include <fmt/format.h>

#include "base/check.h"
#include "http/byte_range.h"
#include "http/endpoints.h"
#include "http/header_value.h"
#include "http/site_file.h"

namespace imgmill {
namespace {

// Scripts, styles and data from here alone and nothing inline; nobody may frame a page. Pictures in
// the style sheet of Swagger UI are data: addresses.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

Reply with_headers(std::string etag) {
  return {.headers = {{"ETag", std::move(etag)},
                      {"Cache-Control", "no-cache"},
                      {"Vary", "Accept-Encoding"},
                      {"Content-Security-Policy", std::string(kContentSecurityPolicy)},
                      {"X-Frame-Options", "DENY"},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"Referrer-Policy", "no-referrer"}}};
}

}  // namespace

Task<Reply> get_site_file(Site&, Request& request) {
  const SiteFile* const file = find_site_file(request.variable);
  CHECK(file != nullptr);  // or it would not have been routed here
  const bool zipped =
      !file->gzip.empty() && accepts_coding(request.header("Accept-Encoding"), "gzip");
  // One name for each of the two, as both are exact to the byte.
  const std::string etag = fmt::format("\"{}{}\"", file->digest, zipped ? "-gzip" : "");
  Reply reply = with_headers(etag);
  const Conditions conditions{.if_none_match = request.header("If-None-Match")};
  if (is_not_modified(conditions, {.modified_at = {}, .etag = etag})) {
    reply.status = 304;
    co_return reply;
  }
  reply.content_type = file->content_type;
  if (zipped) reply.headers.push_back({"Content-Encoding", "gzip"});
  reply.body = zipped ? file->gzip : file->bytes;
  co_return reply;
}

}  // namespace imgmill
