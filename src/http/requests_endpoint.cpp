#include <fmt/format.h>

#include "db/words.h"
#include "http/endpoints.h"
#include "http/page.h"
#include "http/query.h"
#include "http/site.h"
#include "http/status_json.h"

namespace imgmill {
namespace {

struct Asked {
  std::optional<BatchStatus> status;
  std::string listing;
  PageAsked page;
};

Answer<Asked> asked_by(std::string_view query) {
  const auto word = query_value(query, "status");
  if (!word) return std::unexpected(word.error());
  Asked asked;
  if (*word) {
    asked.status = batch_status_named(**word);
    if (!asked.status) {
      return std::unexpected(
          bad_parameter("status", "pending, processing, completed, failed or cancelled is wanted"));
    }
  }
  asked.listing = "requests?" + word->value_or("");
  auto page = page_asked(query, asked.listing);
  if (!page) return std::unexpected(std::move(page).error());
  asked.page = *page;
  return asked;
}

// The cursor is the key of the last batch shown. One more than asked for says whether there is
// more.
Answer<Reply> list(Site& site, const Request& request) {
  const auto asked = asked_by(request.query);
  if (!asked) return std::unexpected(asked.error());
  const auto before =
      asked->page.from.transform([](std::uint64_t key) { return static_cast<BatchKey>(key); });
  const BatchFilter only{.status = asked->status, .owner = request.caller.key};
  auto batches = site.parts.db.list_batches(only, before, asked->page.limit + 1);
  if (!batches) return std::unexpected(problem_of(batches.error()));
  std::optional<std::uint64_t> next;
  if (batches->size() > asked->page.limit) {
    batches->pop_back();
    next = static_cast<std::uint64_t>(batches->back().key);
  }
  const Time now = site.parts.clock.now();
  std::string body = R"({"requests": [)";
  for (const Batch& batch : *batches) {
    if (&batch != batches->data()) body += ", ";
    body += status_json(batch, now);
  }
  body += fmt::format(R"(], "next_cursor": {}}})", cursor_json(asked->listing, next));
  return Reply{.content_type = "application/json",
               .headers = {{"Cache-Control", "no-store"}},
               .body = std::move(body)};
}

}  // namespace

Task<Reply> get_requests(Site& site, Request& request) {
  auto run = [&site, &request]() -> Reply {
    auto reply = list(site, request);
    return reply ? *std::move(reply) : reply_of(reply.error());
  };
  co_return co_await run_on(site.parts.blocking, std::move(run));
}

}  // namespace imgmill
