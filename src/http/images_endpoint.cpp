#include <fmt/format.h>

#include "db/words.h"
#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/image_json.h"
#include "http/page.h"
#include "http/query.h"
#include "http/site.h"

namespace imgmill {
namespace {

Answer<std::optional<ImageStatus>> status_asked(std::string_view query) {
  const auto word = query_value(query, "status");
  if (!word) return std::unexpected(word.error());
  if (!*word) return std::nullopt;
  const auto status = image_status_named(**word);
  if (status) return status;
  return std::unexpected(
      bad_parameter("status", "pending, processing, completed or failed is wanted"));
}

std::string listing_name(const Batch& batch, std::optional<ImageStatus> status) {
  const int filter = status ? static_cast<int>(*status) : -1;
  return fmt::format("images/{}?{}", batch.request_id, filter);
}

// The cursor is the number of the placement to go on with.
Answer<Reply> list(Site& site, const Request& request) {
  const auto batch = find_request(site.parts.db, request.caller, request.variable);
  if (!batch) return std::unexpected(batch.error());
  const auto status = status_asked(request.query);
  if (!status) return std::unexpected(status.error());
  const std::string listing = listing_name(*batch, *status);
  const auto asked = page_asked(request.query, listing);
  if (!asked) return std::unexpected(asked.error());
  const auto page =
      site.parts.db.list_placements(batch->key, *status, asked->from.value_or(0), asked->limit);
  if (!page) return std::unexpected(problem_of(page.error()));
  const std::string link_prefix = site.options.base_url + "/";
  std::string body = R"({"images": [)";
  for (const PlacementDetail& one : page->placements) {
    if (&one != page->placements.data()) body += ", ";
    body += image_json(one, link_prefix);
  }
  body += fmt::format(R"(], "next_cursor": {}}})", cursor_json(listing, page->next));
  return Reply{.content_type = "application/json",
               .headers = {{"Cache-Control", "no-store"}},
               .body = std::move(body)};
}

}  // namespace

Task<Reply> get_images(Site& site, Request& request) {
  auto run = [&site, &request]() -> Reply {
    auto reply = list(site, request);
    return reply ? *std::move(reply) : reply_of(reply.error());
  };
  co_return co_await run_on(site.parts.blocking, std::move(run));
}

}  // namespace imgmill
