#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/progress_feed.h"
#include "http/site.h"

namespace imgmill {
namespace {

Problem too_many_listeners() {
  return {.status = 503,
          .error = "Too many listeners",
          .detail = "as many listen to events as the server takes: ask for the status instead"};
}

Reply event_stream() {
  return {.content_type = "text/event-stream",
          .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}};
}

// A browser's EventSource comes back by itself when a stream ends; a 204 tells it that this was
// all.
bool has_seen_the_end(const Request& request, const Batch& batch) {
  return request.header("Last-Event-ID") == done_event_id(batch);
}

}  // namespace

Task<Reply> get_events(Site& site, Request& request) {
  auto find = [&site, &request] {
    return find_request(site.parts.db, request.caller, request.variable);
  };
  const Answer<Batch> batch = co_await run_on(site.parts.blocking, std::move(find));
  if (!batch) co_return reply_of(batch.error());
  Reply reply = event_stream();
  if (!is_final(batch->state)) {
    reply.live = site.progress->listen(*batch);
    if (!reply.live) co_return reply_of(too_many_listeners());
  } else if (has_seen_the_end(request, *batch)) {
    reply.status = 204;
    reply.content_type = {};
  } else {
    reply.body = progress_events(*batch, site.parts.clock.now());
  }
  co_return reply;
}

}  // namespace imgmill
